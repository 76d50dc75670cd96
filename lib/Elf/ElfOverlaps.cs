namespace PvPatch.Elf;

/// <summary>Refuses an image whose parts share bytes: a patch of one part would silently change another.</summary>
internal static class ElfOverlaps
{
    /// <summary>Checks what the program headers load, and what the section headers say lies in the file.</summary>
    /// <exception cref="MalformedImageException">Two of them overlap.</exception>
    public static void Refuse(ElfFile file)
    {
        ElfSegment[] loads = [.. file.Segments.Where(s => s.Type == ElfSegment.Load)];
        foreach (ElfSegment segment in loads)
            if (segment.FileSize > segment.MemorySize)
                throw new MalformedImageException(
                    Name(segment), $"its 0x{segment.FileSize:x} bytes in the file are more than its 0x{segment.MemorySize:x} in memory");
        Refuse([.. loads.Select(s => (s.Address, s.MemorySize, Name(s)))], "memory");
        Refuse([.. loads.Select(s => (s.Offset, s.FileSize, Name(s)))], "the file");
        Refuse(
        [
            .. file.Sections.Where(s => s.HasBytes).Select(s => (s.Offset, s.Size, $"section header {s.Index} ({s.Name})")),
            .. file.Headers,
        ], "the file");
    }

    private static string Name(ElfSegment segment) => $"program header {segment.Index}";

    private static void Refuse((ulong Start, ulong Length, string Name)[] ranges, string where)
    {
        ranges = Array.FindAll(ranges, r => r.Length != 0);
        Array.Sort(ranges, static (a, b) => a.Start.CompareTo(b.Start));
        for (int i = 1; i < ranges.Length; i++)
            if (ranges[i].Start - ranges[i - 1].Start < ranges[i - 1].Length)
                throw new MalformedImageException(
                    ranges[i].Name,
                    $"0x{ranges[i].Start:x}+0x{ranges[i].Length:x} in {where} overlaps {ranges[i - 1].Name} at 0x{ranges[i - 1].Start:x}+0x{ranges[i - 1].Length:x}");
    }
}
