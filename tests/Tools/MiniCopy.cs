using System.Buffers.Binary;
using System.Text;

namespace PvPatch.Tests.Tools;

/// <summary>The fixture's bytes for a test to change, places told by readelf and nm.</summary>
internal sealed class MiniCopy
{
    private static readonly IReadOnlyList<ReadelfSegment> Segments = Readelf.Segments(TestPaths.Mini);

    /// <summary>The file.</summary>
    public byte[] Bytes { get; } = File.ReadAllBytes(TestPaths.Mini);

    /// <summary>A symbol's address.</summary>
    public static ulong At(string symbol) => MiniKernel.Symbols[symbol];

    /// <summary>Where an address lies in the file.</summary>
    public static int Offset(ulong address)
    {
        ReadelfSegment segment = Segments.First(s => s.Type == 1 && address - s.Address < s.FileSize);
        return (int)(segment.Offset + (address - segment.Address));
    }

    /// <summary>The bytes at an address.</summary>
    public Span<byte> Span(ulong address, int length) => Bytes.AsSpan(Offset(address), length);

    /// <summary>Writes bytes at an address.</summary>
    public MiniCopy Put(ulong address, params ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Span(address, bytes.Length));
        return this;
    }

    /// <summary>Writes a little-endian word of 32 bits.</summary>
    public MiniCopy Put32(ulong address, long value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(Span(address, 4), (int)value);
        return this;
    }

    /// <summary>Writes a little-endian word of 64 bits.</summary>
    public MiniCopy Put64(ulong address, ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(Span(address, 8), value);
        return this;
    }

    /// <summary>Writes a 32-bit distance from its own place, as most of the kernel's tables hold them.</summary>
    public MiniCopy PutRelative(ulong field, ulong target) => Put32(field, (long)(target - field));

    /// <summary>Gives a symbol another value.</summary>
    public MiniCopy MoveSymbol(string name, ulong address)
    {
        const int symbolSize = 24, valueOffset = 8; // Elf64_Sym
        int index = Readelf.Symbols(TestPaths.Mini).Single(s => s.Name == name).Index;
        int table = (int)Readelf.Sections(TestPaths.Mini).Single(s => s.Name == ".symtab").Offset;
        BinaryPrimitives.WriteUInt64LittleEndian(Bytes.AsSpan(table + (index * symbolSize) + valueOffset), address);
        return this;
    }

    /// <summary>Makes a name something else of the same length, wherever it stands as a whole string.</summary>
    public MiniCopy Rename(string name, string other)
    {
        byte[] old = Encoding.ASCII.GetBytes($"\0{name}\0");
        byte[] fresh = Encoding.ASCII.GetBytes($"\0{other}\0");
        Assert.Equal(old.Length, fresh.Length);
        int found = 0;
        for (int at = 0; (at = Bytes.AsSpan(at).IndexOf(old) is var next && next >= 0 ? at + next : -1) >= 0; at++, found++)
            fresh.CopyTo(Bytes, at);
        Assert.NotEqual(0, found);
        return this;
    }

    /// <summary>Changes a section header's size.</summary>
    public MiniCopy ResizeSection(string name, ulong size)
    {
        const int headerSize = 64, sizeOffset = 32; // Elf64_Shdr
        int table = (int)BinaryPrimitives.ReadUInt64LittleEndian(Bytes.AsSpan(40)); // e_shoff
        int index = Readelf.Sections(TestPaths.Mini).Single(s => s.Name == name).Index;
        BinaryPrimitives.WriteUInt64LittleEndian(Bytes.AsSpan(table + (index * headerSize) + sizeOffset), size);
        return this;
    }

    /// <summary>Opens what became of it.</summary>
    public MiniKernel Open() => new(Bytes);
}
