namespace PvPatch.Elf;

/// <summary>One program header (Elf32_Phdr or Elf64_Phdr).</summary>
public sealed record ElfSegment(
    int Index,
    uint Type,
    uint Flags,
    ulong Offset,
    ulong Address,
    ulong PhysicalAddress,
    ulong FileSize,
    ulong MemorySize)
{
    /// <summary>p_type: loadable.</summary>
    public const uint Load = 1;

    /// <summary>p_type: notes.</summary>
    public const uint Note = 4;

    /// <summary>p_flags: executable.</summary>
    public const uint ExecFlag = 1;
}
