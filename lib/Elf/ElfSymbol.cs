namespace PvPatch.Elf;

/// <summary>One symbol, its name left in the string table until somebody asks.</summary>
/// <param name="Address">st_value.</param>
/// <param name="Size">st_size in bytes.</param>
/// <param name="NameOffset">Where the name begins in the string table.</param>
/// <param name="Type">Low four bits of st_info.</param>
/// <param name="Binding">High four bits of st_info.</param>
/// <param name="SectionIndex">st_shndx.</param>
public readonly record struct ElfSymbol(
    ulong Address, ulong Size, int NameOffset, byte Type, byte Binding, ushort SectionIndex)
{
    /// <summary>Symbol types used here (STT_*).</summary>
    public const byte NoType = 0, Object = 1, Function = 2, SectionType = 3, FileType = 4;

    /// <summary>SHN_UNDEF.</summary>
    public const ushort Undefined = 0;

    /// <summary>SHN_ABS.</summary>
    public const ushort Absolute = 0xfff1;

    /// <summary>Whether the symbol names a place in the image.</summary>
    public bool IsPlace => SectionIndex is not Undefined and not Absolute && Type is NoType or Object or Function;
}
