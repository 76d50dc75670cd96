using PvPatch.Elf;

namespace PvPatch.Images;

/// <summary>A file of a running kernel's memory: an ELF core, or raw bytes whose address the user states.</summary>
public sealed class MemoryDump : IDisposable
{
    private const ulong KernelHalf = 0xffff_8000_0000_0000;
    private readonly ByteSource source;
    private readonly RangeIndex index;

    private MemoryDump(ByteSource source, MemoryRange[] ranges, bool physical)
    {
        (this.source, Ranges, IsPhysical) = (source, ranges, physical);
        index = new RangeIndex(Array.ConvertAll(ranges, r => r.Start), Array.ConvertAll(ranges, r => r.Start + r.Length));
    }

    /// <summary>What the dump holds: by address, each address once.</summary>
    public IReadOnlyList<MemoryRange> Ranges { get; }

    /// <summary>Whether the ranges are physical addresses.</summary>
    public bool IsPhysical { get; }

    /// <summary>The file's name.</summary>
    public string Name => source.Name;

    /// <summary>Reads a dump; takes ownership of the source.</summary>
    /// <param name="source">The file.</param>
    /// <param name="at">Where a raw dump begins; null for an ELF core.</param>
    /// <exception cref="MalformedImageException">Neither a core nor said to be raw.</exception>
    public static MemoryDump Read(ByteSource source, DumpAddress? at)
    {
        try
        {
            return Open(source, at);
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    private static MemoryDump Open(ByteSource source, DumpAddress? at)
    {
        if (at is { } start)
        {
            if (start.Address + (ulong)source.Length < start.Address)
                throw new MalformedImageException("--at", $"0x{start.Address:x} and 0x{source.Length:x} bytes wrap around");
            return new MemoryDump(source, [new MemoryRange(start.Address, (ulong)source.Length, 0)], start.Physical);
        }

        if (source.Length < 4 || !source.Slice(0, 4, "dump").SequenceEqual("\u007fELF"u8))
            throw new MalformedImageException(
                "dump", "it is not an ELF core; say where a raw dump begins with --at phys:0x1000000 or --at 0xffffffff81000000");
        ElfFile core = ElfFile.Read(source);
        const ushort coreType = 4;
        if (core.Type != coreType) throw new MalformedImageException("ELF header", "the file is not a core dump");
        ElfSegment[] loads = [.. core.Segments.Where(s => s.Type == ElfSegment.Load && s.FileSize != 0)];

        // kcore and vmcore state virtual addresses; QEMU's dump-guest-memory leaves them zero and states physical ones.
        bool physical = !Array.Exists(loads, s => s.Address >= KernelHalf);
        return new MemoryDump(source, Settle(loads, physical), physical);
    }

    // kexec's cores hold the kernel's text twice, once as such and once as memory: the first range in address order counts.
    private static MemoryRange[] Settle(ElfSegment[] loads, bool physical)
    {
        var settled = new List<MemoryRange>(loads.Length);
        ulong end = 0;
        foreach (ElfSegment load in loads.OrderBy(s => physical ? s.PhysicalAddress : s.Address))
        {
            ulong start = physical ? load.PhysicalAddress : load.Address;
            if (start + load.FileSize < start)
                throw new MalformedImageException($"program header {load.Index}", "its memory wraps around");
            ulong known = end > start ? Math.Min(end - start, load.FileSize) : 0;
            if (known < load.FileSize) settled.Add(new MemoryRange(start + known, load.FileSize - known, load.Offset + known));
            end = Math.Max(end, start + load.FileSize);
        }

        return [.. settled];
    }

    /// <summary>Copies bytes at an address of the dump's own kind, all or none.</summary>
    public bool TryRead(ulong address, Span<byte> destination)
    {
        if (!Holds(address, (ulong)destination.Length)) return false;
        while (!destination.IsEmpty)
        {
            MemoryRange range = Ranges[index.Find(address)];
            ulong into = address - range.Start;
            int length = (int)Math.Min((ulong)destination.Length, range.Length - into);
            source.Slice(range.Offset + into, (ulong)length, "dump").CopyTo(destination);
            destination = destination[length..];
            address += (ulong)length;
        }

        return true;
    }

    /// <summary>See <see cref="ByteSource.ExpectSparseAccess"/>.</summary>
    internal void ExpectSparseAccess(bool sparse) => source.ExpectSparseAccess(sparse);

    private bool Holds(ulong address, ulong length)
    {
        while (length != 0)
        {
            int found = index.Find(address);
            if (found < 0) return false;
            ulong here = Math.Min(length, Ranges[found].Length - (address - Ranges[found].Start));
            (address, length) = (address + here, length - here);
        }

        return true;
    }

    /// <inheritdoc/>
    public void Dispose() => source.Dispose();
}
