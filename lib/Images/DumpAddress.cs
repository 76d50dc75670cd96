namespace PvPatch.Images;

/// <summary>Where a raw dump begins: <c>phys:0x1000000</c> (pmemsave) or <c>0xffffffff81000000</c> (memsave).</summary>
/// <param name="Physical">Whether the address is physical.</param>
/// <param name="Address">Of the dump's first byte.</param>
public readonly record struct DumpAddress(bool Physical, ulong Address)
{
    private const string PhysicalPrefix = "phys:";

    /// <summary>Reads the option's text.</summary>
    public static bool TryParse(string text, out DumpAddress at)
    {
        bool physical = text.StartsWith(PhysicalPrefix, StringComparison.Ordinal);
        bool valid = HexAddress.TryParse(physical ? text[PhysicalPrefix.Length..] : text, out ulong address);
        at = new DumpAddress(physical, address);
        return valid;
    }
}
