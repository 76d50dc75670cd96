using System.Buffers.Binary;
using PvPatch.Elf;
using PvPatch.Kernel;

namespace PvPatch.Tests.Hostile;

/// <summary>The fixture kernel as bytes, and where in them everything lies that a reader acts on.</summary>
internal static class MiniLayout
{
    private static readonly string[] Tables =
    [
        ".parainstructions", ".retpoline_sites", ".return_sites", ".altinstructions", ".smp_locks", "__ex_table",
        ".orc_unwind_ip", ".BTF", ".notes", ".data", ".init.data", ".altinstr_replacement",
    ];

    static MiniLayout()
    {
        using KernelImage image = KernelImage.Open(TestPaths.Mini);
        ReadOnlySpan<byte> bytes = Bytes;
        SectionHeaders = (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes[40..]);
        Sections = image.Elf.Sections.Count;
        Segments = image.Elf.Segments.Count;
        SymbolTable = (int)image.Elf.FindSection(".symtab")!.Offset;
        Symbols = image.Elf.Symbols.Count;
        Ranges = [.. Tables.Select(name => Range(image.Elf.FindSection(name)!)), .. SymbolRanges(image), .. image.TextSections.Select(Range)];
        Addresses = [.. image.Elf.Sections.Where(s => s.IsAllocated).SelectMany(s => new[] { s.Address, s.Address + s.Size - 1, s.Address + s.Size })];
    }

    /// <summary>The image; take a copy to change it.</summary>
    public static byte[] Bytes { get; } = File.ReadAllBytes(TestPaths.Mini);

    /// <summary>Offset of the section headers.</summary>
    public static int SectionHeaders { get; }

    public static int Sections { get; }

    public static int Segments { get; }

    /// <summary>Offset of the symbols.</summary>
    public static int SymbolTable { get; }

    public static int Symbols { get; }

    /// <summary>Tables, type information, data and text: offset and length of each.</summary>
    public static IReadOnlyList<(int Offset, int Length)> Ranges { get; }

    /// <summary>First and last addresses of sections.</summary>
    public static IReadOnlyList<ulong> Addresses { get; }

    private static (int Offset, int Length) Range(ElfSection section) => ((int)section.Offset, (int)section.Size);

    // The tables without a section of their own.
    private static IEnumerable<(int Offset, int Length)> SymbolRanges(KernelImage image)
    {
        foreach (string name in new[] { "__jump_table", "_static_call_sites", "_mcount_loc" })
        {
            string start = name == "__jump_table" ? "__start___jump_table" : $"__start{name}";
            Assert.True(image.Symbols.TryFindAddress(start, out ulong from));
            Assert.True(image.Symbols.TryFindAddress(start.Replace("__start", "__stop", StringComparison.Ordinal), out ulong to));
            Assert.True(image.Memory.TryGetFileOffset(from, to - from, out ulong offset));
            yield return ((int)offset, (int)(to - from));
        }
    }
}
