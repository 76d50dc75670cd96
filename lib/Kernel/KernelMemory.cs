using System.Buffers.Binary;
using System.Text;
using PvPatch.Elf;
using PvPatch.Images;

namespace PvPatch.Kernel;

/// <summary>A running kernel within a dump, read by the addresses its image was linked at.</summary>
public sealed class KernelMemory : IMemory
{
    private const ulong SlideStep = 0x20_0000;          // CONFIG_PHYSICAL_ALIGN: KASLR moves by 2 MiB
    private const ulong MaxVirtualSlide = 0x4000_0000;  // KERNEL_IMAGE_SIZE
    private const ulong KernelHalf = 0xffff_8000_0000_0000; // below it are per-CPU variables, linked at 0
    private const ulong MaxPhysicalSlide = 1ul << 40;
    private readonly KernelImage image;
    private readonly MemoryDump dump;
    private readonly ulong dumpSlide;

    private KernelMemory(KernelImage image, MemoryDump dump, ulong dumpSlide)
    {
        (this.image, this.dump, this.dumpSlide) = (image, dump, dumpSlide);
        Slide = dump.IsPhysical ? VoteSlide() : dumpSlide;
    }

    /// <summary>How far KASLR moved the kernel: running address less link address.</summary>
    public ulong Slide { get; }

    /// <summary>Finds the kernel by its banner.</summary>
    /// <exception cref="MalformedImageException">The dump does not hold this kernel.</exception>
    public static KernelMemory Locate(KernelImage image, MemoryDump dump)
    {
        if (image.Banner is not { Length: > 0 } banner || !image.Symbols.TryFindAddress("linux_banner", out ulong bannerAt))
            throw new MalformedImageException("symbol linux_banner", "without it the kernel cannot be found in memory");
        byte[] wanted = Encoding.Latin1.GetBytes(banner);
        if (!TryDumpAddress(image, dump, bannerAt, out ulong start))
            throw new MalformedImageException("symbol linux_banner", "it lies in no loadable segment");
        if (Search(dump, start, wanted) is { } slide) return new KernelMemory(image, dump, slide);
        throw new MalformedImageException("dump", $"the kernel “{banner}” is not in it");
    }

    // One page in two megabytes: what the system would read ahead of it is the rest of a dump of any size.
    private static ulong? Search(MemoryDump dump, ulong start, byte[] wanted)
    {
        dump.ExpectSparseAccess(true);
        ulong? slide = FindSlide(dump, start, wanted);
        dump.ExpectSparseAccess(false);
        return slide;
    }

    private static ulong? FindSlide(MemoryDump dump, ulong start, byte[] wanted)
    {
        byte[] found = new byte[wanted.Length];
        ulong limit = dump.IsPhysical ? MaxPhysicalSlide : MaxVirtualSlide;
        ulong slide = 0; // only ever grows, so that ranges in any number cost one look at each place
        foreach (MemoryRange range in dump.Ranges)
        {
            if (range.Start > start) slide = Math.Max(slide, (range.Start - start) / SlideStep * SlideStep);
            if (range.Start > start + slide) slide += SlideStep;
            for (; slide < limit && start + slide - range.Start < range.Length; slide += SlideStep)
                if (dump.TryRead(start + slide, found) && found.AsSpan().SequenceEqual(wanted))
                    return slide;
        }

        return null;
    }

    /// <inheritdoc/>
    public bool TryRead(ulong address, Span<byte> destination) =>
        TryDumpAddress(image, dump, address, out ulong at) && dump.TryRead(at + dumpSlide, destination);

    /// <summary>A pointer in memory, as the address it had without KASLR where it points into the kernel.</summary>
    public bool TryReadPointer(ulong address, out ulong value)
    {
        Span<byte> bytes = stackalloc byte[8];
        bool read = TryRead(address, bytes);
        value = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        if (IsInImage(value - Slide)) value -= Slide; // a module's pointer stays: it never had a link address
        return read;
    }

    private bool IsInImage(ulong address)
    {
        foreach (ElfSegment segment in image.Elf.Segments)
            if (segment.Type == ElfSegment.Load && segment.Address >= KernelHalf && address >= segment.Address
                && address - segment.Address < segment.MemorySize) return true;
        return false;
    }

    private static bool TryDumpAddress(KernelImage image, MemoryDump dump, ulong address, out ulong at)
    {
        at = address;
        if (!dump.IsPhysical) return true;
        if (image.Memory.FindSegment(address) is not { } segment) return false;
        at = segment.PhysicalAddress + (address - segment.Address);
        return true;
    }

    // Physical placement says nothing of the virtual one: ask the pointers in pv_ops, most of which never change.
    private ulong VoteSlide()
    {
        var votes = new Dictionary<ulong, int>();
        if (!image.Symbols.TryFind("pv_ops", out ElfSymbol table)) return 0;
        Span<byte> bytes = stackalloc byte[8];
        for (ulong into = 0; into < Math.Min(table.Size, 2048); into += 8)
        {
            ulong at = table.Address + into;
            if (!image.Memory.TryReadWord(at, out ulong linked) || linked == 0 || !TryRead(at, bytes)) continue;
            ulong slide = BinaryPrimitives.ReadUInt64LittleEndian(bytes) - linked;
            if (slide % SlideStep == 0 && slide < MaxVirtualSlide) votes[slide] = votes.GetValueOrDefault(slide) + 1;
        }

        return votes.Count == 0 ? 0 : votes.MaxBy(v => v.Value).Key;
    }
}
