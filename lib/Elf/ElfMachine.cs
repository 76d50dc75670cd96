namespace PvPatch.Elf;

/// <summary>The machines pvpatch knows (e_machine, System V gABI).</summary>
public enum ElfMachine : ushort
{
    /// <summary>Not stated.</summary>
    None = 0,

    /// <summary>Intel 80386, EM_386.</summary>
    I386 = 3,

    /// <summary>Intel IA-64, EM_IA_64.</summary>
    Ia64 = 50,

    /// <summary>AMD x86-64, EM_X86_64.</summary>
    X8664 = 62,
}
