namespace PvPatch.Elf;

/// <summary>One note: owner, type and descriptor (gABI, “Note Section”).</summary>
public sealed record ElfNote(string Owner, uint Type, byte[] Descriptor)
{
    /// <summary>NT_GNU_BUILD_ID, of owner “GNU”.</summary>
    public const uint GnuBuildId = 3;
}
