using System.Buffers.Binary;

namespace PvPatch.Tests.Tools;

/// <summary>Memory of a kernel that runs, made of the fixture's segments: every field the test sets, and its pointers slid.</summary>
internal sealed class Dump
{
    private const ulong TwoMiB = 0x20_0000;
    private static readonly IReadOnlyList<ReadelfSegment> Loads = [.. Readelf.Segments(TestPaths.Mini).Where(s => s.Type == 1)];
    private readonly MiniCopy copy = new();
    private readonly ulong slide;

    /// <summary>A kernel that KASLR moved by so many steps of 2 MiB; its pointers in pv_ops, static calls and the thunk with it.</summary>
    public Dump(int steps = 0)
    {
        slide = (ulong)steps * TwoMiB;
        for (int op = 0; op < 24; op++) SlidePointer(MiniCopy.At("pv_ops") + (ulong)(op * 8));
        foreach (string name in new[] { "mini_tick", "mini_null", "mini_ret0", "mini_init" }) SlidePointer(MiniCopy.At($"__SCK__{name}"));
        SlidePointer(MiniCopy.At("x86_return_thunk"));
    }

    /// <summary>Sets a pointer to a symbol; null for none.</summary>
    public Dump Point(ulong at, string? symbol)
    {
        copy.Put64(at, symbol is null ? 0 : MiniCopy.At(symbol) + slide);
        return this;
    }

    /// <summary>Writes bytes at a link address.</summary>
    public Dump Put(ulong at, params ReadOnlySpan<byte> bytes)
    {
        copy.Put(at, bytes);
        return this;
    }

    /// <summary>Sets a bit of boot_cpu_data.x86_capability, which begins at its byte 8 (mini.inc).</summary>
    public Dump SetFeature(int number)
    {
        copy.Span(MiniCopy.At("boot_cpu_data") + 8 + (ulong)(number / 8), 1)[0] |= (byte)(1 << (number % 8));
        return this;
    }

    /// <summary>Bytes from a physical address on, as pmemsave writes them, with the kernel moved in physical memory.</summary>
    public byte[] Physical(ulong start, int physicalSteps = 0)
    {
        ulong end = Loads.Max(s => s.Physical + s.MemorySize) + ((ulong)physicalSteps * TwoMiB);
        byte[] memory = new byte[end - start];
        foreach (ReadelfSegment s in Loads)
            Bytes(s).CopyTo(memory.AsSpan((int)(s.Physical + ((ulong)physicalSteps * TwoMiB) - start)));
        return memory;
    }

    /// <summary>Bytes from the kernel's text on by virtual address, as memsave writes them.</summary>
    public byte[] Virtual()
    {
        ReadelfSegment[] kernel = [.. Loads.Where(s => s.Address != 0)];
        byte[] memory = new byte[kernel.Max(s => s.Address + s.MemorySize) - kernel[0].Address];
        foreach (ReadelfSegment s in kernel) Bytes(s).CopyTo(memory.AsSpan((int)(s.Address - kernel[0].Address)));
        return memory;
    }

    /// <summary>An ELF core of those segments; with virtual addresses as kcore has them, or physical ones only as QEMU's has.</summary>
    public byte[] Core(bool withVirtual, int physicalSteps = 0)
    {
        ReadelfSegment[] segments = [.. Loads.Where(s => s.Address != 0)];
        const int header = 64, programHeader = 56;
        var file = new MemoryStream();
        byte[] head = new byte[header + (segments.Length * programHeader)];
        "\u007fELF\u0002\u0001\u0001"u8.CopyTo(head);
        BinaryPrimitives.WriteUInt16LittleEndian(head.AsSpan(16), 4);       // ET_CORE
        BinaryPrimitives.WriteUInt16LittleEndian(head.AsSpan(18), 62);      // EM_X86_64
        BinaryPrimitives.WriteUInt64LittleEndian(head.AsSpan(32), header);  // e_phoff
        BinaryPrimitives.WriteUInt16LittleEndian(head.AsSpan(54), programHeader);
        BinaryPrimitives.WriteUInt16LittleEndian(head.AsSpan(56), (ushort)segments.Length);
        file.Write(head);
        for (int i = 0; i < segments.Length; i++)
        {
            Span<byte> entry = head.AsSpan(header + (i * programHeader));
            BinaryPrimitives.WriteUInt32LittleEndian(entry, 1);             // PT_LOAD
            BinaryPrimitives.WriteUInt64LittleEndian(entry[8..], (ulong)file.Position);
            BinaryPrimitives.WriteUInt64LittleEndian(entry[16..], withVirtual ? segments[i].Address + slide : 0);
            BinaryPrimitives.WriteUInt64LittleEndian(entry[24..], segments[i].Physical + ((ulong)physicalSteps * TwoMiB));
            BinaryPrimitives.WriteUInt64LittleEndian(entry[32..], segments[i].FileSize);
            BinaryPrimitives.WriteUInt64LittleEndian(entry[40..], segments[i].MemorySize);
            file.Write(Bytes(segments[i]));
        }

        file.Position = 0;
        file.Write(head);
        return file.ToArray();
    }

    private ReadOnlySpan<byte> Bytes(ReadelfSegment segment) => copy.Bytes.AsSpan((int)segment.Offset, (int)segment.FileSize);

    private void SlidePointer(ulong at)
    {
        Span<byte> word = copy.Span(at, 8);
        ulong value = BinaryPrimitives.ReadUInt64LittleEndian(word);
        if (value != 0) BinaryPrimitives.WriteUInt64LittleEndian(word, value + slide);
    }
}
