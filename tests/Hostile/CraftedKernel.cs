using System.Buffers.Binary;
using System.Text;
using PvPatch.Elf;

namespace PvPatch.Tests.Hostile;

/// <summary>Writes a kernel image of any shape: what no linker makes, and an attacker would.</summary>
internal sealed class CraftedKernel
{
    private const int Align = 16;
    private readonly List<Part> parts = [];
    private readonly List<byte[]> symbols = [];
    private readonly List<byte> strings = [0];
    private int length = 0x1000;

    /// <summary>Where the image's bytes begin in memory.</summary>
    public const ulong Base = 0xffffffff81000000;

    /// <summary>Program headers to add: type, offset, address, size.</summary>
    public List<(uint Type, ulong Offset, ulong Address, ulong Size)> MoreSegments { get; } = [];

    /// <summary>Whether one segment loads everything; else <see cref="MoreSegments"/> do.</summary>
    public bool OneSegment { get; init; } = true;

    /// <summary>Adds a section in memory; its bytes may be filled in until the image is written.</summary>
    public (ulong Address, byte[] Bytes) Add(string name, int size, bool code = false, uint type = ElfSection.ProgBits)
    {
        byte[] bytes = new byte[size];
        parts.Add(new Part(name, type, ElfSection.AllocFlag | (code ? ElfSection.ExecFlag : 0), length, bytes));
        ulong address = Base + (ulong)length;
        length = (length + size + Align - 1) / Align * Align;
        return (address, bytes);
    }

    /// <summary>Adds text of one instruction over and over, by default a one-byte NOP.</summary>
    public ulong AddText(int size, string name = ".text", string instruction = "90")
    {
        (ulong address, byte[] bytes) = Add(name, size, code: true);
        byte[] code = Convert.FromHexString(instruction);
        for (int i = 0; i < size; i++) bytes[i] = code[i % code.Length];
        return address;
    }

    /// <summary>Puts text into the string table as it is.</summary>
    /// <returns>Its offset.</returns>
    public int AddString(byte[] text)
    {
        strings.AddRange(text);
        return strings.Count - text.Length;
    }

    /// <summary>Adds a symbol.</summary>
    public void AddSymbol(string name, ulong address, ulong size = 0) => AddSymbol(AddString([.. Encoding.Latin1.GetBytes(name), 0]), address, size);

    /// <summary>Adds a symbol whose name is in the string table already.</summary>
    public void AddSymbol(int name, ulong address, ulong size = 0)
    {
        byte[] symbol = new byte[24];
        BinaryPrimitives.WriteUInt32LittleEndian(symbol, (uint)name);
        symbol[4] = ElfSymbol.Function;
        symbol[6] = 1;
        BinaryPrimitives.WriteUInt64LittleEndian(symbol.AsSpan(8), address);
        BinaryPrimitives.WriteUInt64LittleEndian(symbol.AsSpan(16), size);
        symbols.Add(symbol);
    }

    /// <summary>The file.</summary>
    public byte[] Write()
    {
        int loaded = length;
        var all = new List<Part>(parts);
        byte[] table = new byte[24 * (symbols.Count + 1)];
        for (int i = 0; i < symbols.Count; i++) symbols[i].CopyTo(table, 24 * (i + 1));
        all.Add(new Part(".symtab", ElfSection.SymTab, 0, length, table));
        length = (length + table.Length + Align - 1) / Align * Align;
        all.Add(new Part(".strtab", ElfSection.StrTab, 0, length, [.. strings]));
        length += strings.Count;
        using var names = new MemoryStream();
        names.WriteByte(0);
        int[] nameAt = [.. all.Select(p => Name(names, p.Name))];
        int shstrtab = Name(names, ".shstrtab");
        all.Add(new Part(".shstrtab", ElfSection.StrTab, 0, length, names.ToArray()));
        length = (length + (int)names.Length + Align - 1) / Align * Align;
        int programHeaders = length, segments = MoreSegments.Count + (OneSegment ? 1 : 0);
        int sectionHeaders = programHeaders + (segments * 56);
        byte[] file = new byte[sectionHeaders + ((all.Count + 1) * 64)];

        MiniLayout.Bytes.AsSpan(0, 64).CopyTo(file);
        Word(file, 32, (ulong)programHeaders);
        Word(file, 40, (ulong)sectionHeaders);
        Half(file, 56, (ushort)segments);
        Half(file, 60, (ushort)(all.Count + 1));
        Half(file, 62, (ushort)all.Count);
        int at = programHeaders;
        if (OneSegment) WriteSegment(file, ref at, ElfSegment.Load, 0x1000, Base + 0x1000, (ulong)loaded - 0x1000);
        foreach ((uint type, ulong offset, ulong address, ulong size) in MoreSegments) WriteSegment(file, ref at, type, offset, address, size);
        for (int i = 0; i < all.Count; i++)
        {
            Part part = all[i];
            part.Bytes.CopyTo(file, part.Offset);
            int header = sectionHeaders + ((i + 1) * 64);
            BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(header), (uint)(i < nameAt.Length ? nameAt[i] : shstrtab));
            BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(header + 4), part.Type);
            Word(file, header + 8, part.Flags);
            Word(file, header + 16, part.Flags == 0 ? 0 : Base + (ulong)part.Offset);
            Word(file, header + 24, (ulong)part.Offset);
            Word(file, header + 32, (ulong)part.Bytes.Length);
            if (part.Type == ElfSection.SymTab) BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(header + 40), (uint)(i + 2));
        }

        return file;
    }

    // A name that the table has already is shared, as linkers do.
    private static int Name(MemoryStream names, string name)
    {
        byte[] wanted = [.. Encoding.Latin1.GetBytes(name), 0];
        int at = wanted.Length > 100 ? names.GetBuffer().AsSpan(0, (int)names.Length).IndexOf(wanted) : -1;
        if (at >= 0) return at;
        at = (int)names.Length;
        names.Write(wanted);
        return at;
    }

    private static void WriteSegment(byte[] file, ref int at, uint type, ulong offset, ulong address, ulong size)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(at), type);
        Word(file, at + 8, offset);
        Word(file, at + 16, address);
        Word(file, at + 24, address & 0x7fffffff);
        Word(file, at + 32, size);
        Word(file, at + 40, size);
        at += 56;
    }

    private static void Half(byte[] file, int at, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(at), value);

    private static void Word(byte[] file, int at, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(at), value);

    private sealed record Part(string Name, uint Type, ulong Flags, int Offset, byte[] Bytes);
}
