using System.Buffers.Binary;
using PvPatch.Elf;
using PvPatch.Kernel;

namespace PvPatch.Tests.Hostile;

/// <summary>Memory of a machine that runs the fixture kernel, as files of the two kinds.</summary>
internal static class DumpBytes
{
    /// <summary>Where the fixture lies in physical memory.</summary>
    public const ulong Physical = 0x1000000;

    private const int HeaderSize = 64, SegmentSize = 56;

    /// <summary>The fixture's segments at their physical places, without a header.</summary>
    public static byte[] Raw()
    {
        using KernelImage image = KernelImage.Open(TestPaths.Mini);
        byte[] memory = new byte[0xa000];
        foreach (ElfSegment segment in image.Elf.Segments.Where(s => s.Type == ElfSegment.Load))
            image.Elf.GetContents(segment).CopyTo(memory.AsSpan((int)(segment.PhysicalAddress - Physical)));
        return memory;
    }

    /// <summary>An ELF core with that memory, cut into ranges; the addresses are physical or virtual.</summary>
    public static byte[] Core(int ranges, bool physical)
    {
        byte[] memory = Raw();
        int data = HeaderSize + (ranges * SegmentSize), each = memory.Length / ranges;
        byte[] core = new byte[data + memory.Length];
        MiniLayout.Bytes.AsSpan(0, HeaderSize).CopyTo(core);
        BinaryPrimitives.WriteUInt16LittleEndian(core.AsSpan(16), 4); // ET_CORE
        BinaryPrimitives.WriteUInt64LittleEndian(core.AsSpan(40), 0);
        BinaryPrimitives.WriteUInt16LittleEndian(core.AsSpan(56), (ushort)ranges);
        BinaryPrimitives.WriteUInt16LittleEndian(core.AsSpan(60), 0);
        memory.CopyTo(core, data);
        for (int i = 0; i < ranges; i++)
        {
            ulong length = (ulong)(i == ranges - 1 ? memory.Length - (each * i) : each);
            WriteRange(core, i, physical, Physical + (ulong)(each * i), (ulong)(data + (each * i)), length);
        }

        return core;
    }

    /// <summary>Writes one program header of a core.</summary>
    public static void WriteRange(byte[] core, int index, bool physical, ulong address, ulong offset, ulong length)
    {
        Span<byte> header = core.AsSpan(HeaderSize + (index * SegmentSize), SegmentSize);
        BinaryPrimitives.WriteUInt32LittleEndian(header, ElfSegment.Load);
        BinaryPrimitives.WriteUInt64LittleEndian(header[8..], offset);
        BinaryPrimitives.WriteUInt64LittleEndian(header[16..], physical ? 0 : address + (0xffffffff81000000 - Physical));
        BinaryPrimitives.WriteUInt64LittleEndian(header[24..], physical ? address : 0);
        BinaryPrimitives.WriteUInt64LittleEndian(header[32..], length);
        BinaryPrimitives.WriteUInt64LittleEndian(header[40..], length);
    }
}
