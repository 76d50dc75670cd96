using PvPatch.Elf;

namespace PvPatch.Images;

/// <summary>A file of a running kernel's memory: an ELF core, or raw bytes whose address the user states.</summary>
public sealed class MemoryDump : IDisposable
{
    private const ulong KernelHalf = 0xffff_8000_0000_0000;
    private readonly ByteSource source;

    private MemoryDump(ByteSource source, IReadOnlyList<MemoryRange> ranges, bool physical) =>
        (this.source, Ranges, IsPhysical) = (source, ranges, physical);

    /// <summary>What the dump holds.</summary>
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
        if (core.Type != coreType) throw new MalformedImageException("dump", "it is an ELF file, but not a core");
        ElfSegment[] loads = [.. core.Segments.Where(s => s.Type == ElfSegment.Load && s.FileSize != 0)];

        // kcore and vmcore state virtual addresses; QEMU's dump-guest-memory leaves them zero and states physical ones.
        bool physical = !Array.Exists(loads, s => s.Address >= KernelHalf);
        return new MemoryDump(
            source,
            [.. loads.Select(s => new MemoryRange(physical ? s.PhysicalAddress : s.Address, s.FileSize, s.Offset))],
            physical);
    }

    /// <summary>Copies bytes at an address of the dump's own kind, all or none.</summary>
    public bool TryRead(ulong address, Span<byte> destination)
    {
        foreach (MemoryRange range in Ranges)
        {
            ulong into = address - range.Start;
            if (address < range.Start || into >= range.Length || (ulong)destination.Length > range.Length - into) continue;
            source.Slice(range.Offset + into, (ulong)destination.Length, "dump").CopyTo(destination);
            return true;
        }

        return false;
    }

    /// <inheritdoc/>
    public void Dispose() => source.Dispose();
}
