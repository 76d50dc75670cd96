namespace PvPatch.Elf;

/// <summary>One relocation (Elf32_Rel, Elf64_Rela …).</summary>
/// <param name="Offset">The place to relocate: an address in a linked image, an offset in an object.</param>
/// <param name="Type">The machine's own relocation number (R_X86_64_PC32 = 2 …).</param>
/// <param name="Symbol">Index in the linked symbol table.</param>
/// <param name="Addend">Zero for REL, where it stands in the text itself.</param>
public readonly record struct ElfRelocation(ulong Offset, uint Type, uint Symbol, long Addend);
