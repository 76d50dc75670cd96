namespace PvPatch.Elf;

/// <summary>One section header (Elf32_Shdr or Elf64_Shdr), with its name resolved.</summary>
public sealed record ElfSection(
    int Index,
    string Name,
    uint Type,
    ulong Flags,
    ulong Address,
    ulong Offset,
    ulong Size,
    uint Link,
    uint Info,
    ulong EntrySize)
{
    /// <summary>sh_type values used here.</summary>
    public const uint ProgBits = 1, SymTab = 2, StrTab = 3, Rela = 4, Note = 7, NoBits = 8, Rel = 9;

    /// <summary>sh_flags: writable.</summary>
    public const ulong WriteFlag = 1;

    /// <summary>sh_flags: occupies memory.</summary>
    public const ulong AllocFlag = 2;

    /// <summary>sh_flags: executable.</summary>
    public const ulong ExecFlag = 4;

    /// <summary>Whether the section is in memory and executable.</summary>
    public bool IsExecutable => (Flags & (AllocFlag | ExecFlag)) == (AllocFlag | ExecFlag);

    /// <summary>Whether the section is in memory.</summary>
    public bool IsAllocated => (Flags & AllocFlag) != 0;

    /// <summary>Whether the file holds bytes for it.</summary>
    public bool HasBytes => Type is not NoBits and not 0;

    /// <summary>Whether an address lies in the section's memory.</summary>
    public bool Contains(ulong address) => address >= Address && address - Address < Size;
}
