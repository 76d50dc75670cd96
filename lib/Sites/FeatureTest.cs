namespace PvPatch.Sites;

/// <summary>What an alternative asks of the CPU: a feature or bug bit set, or (<paramref name="Not"/>) clear.</summary>
/// <param name="Number">word * 32 + bit in cpuinfo_x86.x86_capability.</param>
/// <param name="Not">ALTINSTR_FLAG_INV: chosen where the bit is clear.</param>
public readonly record struct FeatureTest(ushort Number, bool Not)
{
    /// <summary>ALTINSTR_FLAG_INV (5.13 to 6.2): bit 15 of cpuid.</summary>
    public const ushort InvertFlag = 1 << 15;
}
