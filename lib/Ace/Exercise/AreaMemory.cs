using PvPatch.Elf;

namespace PvPatch.Ace.Exercise;

/// <summary>The pages of the area and of its data, as the image loads them.</summary>
/// <param name="CodeStart">The first page of the area.</param>
/// <param name="Code">Its bytes, whole pages.</param>
/// <param name="DataStart">The first page of the data.</param>
/// <param name="Data">Its bytes, whole pages; empty where there is no data.</param>
internal sealed record AreaMemory(ulong CodeStart, byte[] Code, ulong DataStart, byte[] Data)
{
    private const ulong PageSize = 4096, Most = 16 << 20;

    /// <summary>Lays them out.</summary>
    /// <param name="image">The file.</param>
    /// <param name="area">Where they lie.</param>
    /// <param name="trouble">Why they cannot be laid out; null when they can.</param>
    public static AreaMemory? Read(ElfFile image, AceArea area, out string? trouble)
    {
        trouble = area.End <= area.Start ? "the area is empty"
            : area.DataEnd < area.DataStart ? "the data ends before it begins"
            : area.End - area.Start > Most || area.DataEnd - area.DataStart > Most ? "the area and its data are larger than 16 MB"
            : area.End > ulong.MaxValue - PageSize || area.DataEnd > ulong.MaxValue - PageSize ? "they lie at the end of the address space"
            : null;
        if (trouble is not null) return null;
        (ulong codeStart, ulong codeEnd) = Pages(area.Start, area.End);
        (ulong dataStart, ulong dataEnd) = area.DataEnd == area.DataStart ? (0, 0) : Pages(area.DataStart, area.DataEnd);
        if (codeStart < dataEnd && dataStart < codeEnd)
        {
            trouble = "the area and its data share a page, so it would be writable and executable at once";
            return null;
        }

        return new AreaMemory(codeStart, Load(image, area.Start, area.End, codeStart, codeEnd), dataStart, Load(image, area.DataStart, area.DataEnd, dataStart, dataEnd));
    }

    private static (ulong Start, ulong End) Pages(ulong start, ulong end) =>
        (start & ~(PageSize - 1), (end + PageSize - 1) & ~(PageSize - 1));

    private static byte[] Load(ElfFile image, ulong start, ulong end, ulong firstPage, ulong lastPage)
    {
        var bytes = new byte[lastPage - firstPage];
        bool loaded = false;
        foreach (ElfSegment segment in image.Segments)
        {
            if (segment.Type != ElfSegment.Load) continue;
            loaded = true;
            Copy(image.GetContents(segment), segment.Address);
        }

        // An object file that was given addresses has sections only.
        if (loaded) return bytes;
        foreach (ElfSection section in image.Sections)
            if (section is { IsAllocated: true, HasBytes: true }) Copy(image.GetContents(section), section.Address);
        return bytes;

        void Copy(ReadOnlySpan<byte> contents, ulong address)
        {
            ulong from = Math.Max(start, address), to = Math.Min(end, address + (ulong)contents.Length);
            if (from < to) contents.Slice((int)(from - address), (int)(to - from)).CopyTo(bytes.AsSpan((int)(from - firstPage)));
        }
    }
}
