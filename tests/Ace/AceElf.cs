using System.Buffers.Binary;
using System.Text;
using PvPatch.Elf;

namespace PvPatch.Tests.Ace;

/// <summary>Writes small ELF files with an area, without any tool, so that thousands of them cost nothing.</summary>
internal static class AceElf
{
    /// <summary>Where the area and its data lie.</summary>
    public const ulong Area = 0x500000, Data = 0x600000, DataSize = 0x1000;

    /// <summary>A file with an area of some bytes, function symbols in it, and a jump table of its first slots.</summary>
    public static ElfFile Read(byte[] code, IReadOnlyList<(string Name, ulong Offset, ulong Size)> functions, int slots = 0)
    {
        var names = new StringBuilder("\0");
        var symbols = new List<byte[]> { new byte[24] };
        Add("__ace_start", Area, 0, 0x10);
        Add("__ace_end", Area + (ulong)code.Length, 0, 0x10);
        Add("__ace_data_start", Data, 0, 0x10);
        Add("__ace_data_end", Data + DataSize, 0, 0x10);
        if (slots > 0)
        {
            Add("__ace_table", Area, 0, 0x10);
            Add("__ace_table_end", Area + (16 * (ulong)slots), 0, 0x10);
        }

        foreach ((string name, ulong offset, ulong size) in functions) Add(name, Area + offset, size, 0x12);
        const string sectionNames = "\0.ace\0.ace_data\0.symtab\0.strtab\0";
        byte[] strings = Encoding.Latin1.GetBytes(names.ToString());
        byte[] table = [.. symbols.SelectMany(s => s)];
        int codeAt = 0x1000, tableAt = codeAt + code.Length, stringsAt = tableAt + table.Length, namesAt = stringsAt + strings.Length;
        int headersAt = (namesAt + sectionNames.Length + 7) & ~7;
        byte[] file = new byte[headersAt + (6 * 64)];
        "\u007fELF\u0002\u0001\u0001"u8.CopyTo(file);
        Half(16, 2);
        Half(18, 62);
        Word(32, 64); // program headers
        Word(40, (ulong)headersAt);
        Half(54, 56);
        Half(56, 2);
        Half(58, 64);
        Half(60, 6);
        Half(62, 5);
        Segment(0, 5, (ulong)codeAt, Area, (ulong)code.Length, (ulong)code.Length);
        Segment(1, 6, 0, Data, 0, DataSize);
        code.CopyTo(file, codeAt);
        table.CopyTo(file, tableAt);
        strings.CopyTo(file, stringsAt);
        Encoding.Latin1.GetBytes(sectionNames).CopyTo(file, namesAt);
        Section(1, ".ace", 1, 6, Area, codeAt, code.Length, 0);
        Section(2, ".ace_data", 8, 3, Data, codeAt, (int)DataSize, 0);
        Section(3, ".symtab", 2, 0, 0, tableAt, table.Length, 4);
        Section(4, ".strtab", 3, 0, 0, stringsAt, strings.Length, 0);
        Section(5, ".strtab", 3, 0, 0, namesAt, sectionNames.Length, 0);
        return ElfFile.Read(ByteSource.FromBytes(file));

        void Add(string name, ulong address, ulong size, byte info)
        {
            byte[] symbol = new byte[24];
            BinaryPrimitives.WriteInt32LittleEndian(symbol, names.Length);
            symbol[4] = info;
            symbol[6] = 1;
            BinaryPrimitives.WriteUInt64LittleEndian(symbol.AsSpan(8), address);
            BinaryPrimitives.WriteUInt64LittleEndian(symbol.AsSpan(16), size);
            symbols.Add(symbol);
            names.Append(name).Append('\0');
        }

        void Half(int at, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(at), value);

        void Word(int at, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(at), value);

        void Segment(int index, uint flags, ulong offset, ulong address, ulong size, ulong memory)
        {
            int at = 64 + (index * 56);
            BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(at), 1);
            BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(at + 4), flags);
            Word(at + 8, offset);
            Word(at + 16, address);
            Word(at + 32, size);
            Word(at + 40, memory);
        }

        void Section(int index, string name, uint type, ulong flags, ulong address, int offset, int size, uint link)
        {
            int at = headersAt + (index * 64);
            BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(at), sectionNames.IndexOf($"\0{name}\0", StringComparison.Ordinal) + 1);
            BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(at + 4), type);
            Word(at + 8, flags);
            Word(at + 16, address);
            Word(at + 24, (ulong)offset);
            Word(at + 32, (ulong)size);
            BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(at + 40), link);
        }
    }
}
