using PvPatch.Elf;
using PvPatch.Kernel;
using PvPatch.Sites;

namespace PvPatch.Checking;

/// <summary>Finds what differs between an image and its original outside of sites, file bytes and all.</summary>
public static class FileComparer
{
    private const int ChunkSize = 1 << 20, MostFindings = 100;

    /// <summary>Compares two files of one layout.</summary>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static IReadOnlyList<Finding> Compare(KernelImage image, KernelImage original, SiteTable originalSites)
    {
        var findings = new List<Finding>();
        if (image.Elf.Source.Length != original.Elf.Source.Length)
        {
            findings.Add(new Finding(VerifyRules.OutsideSites, 0,
                $"the files differ in length: {image.Elf.Source.Length} bytes against {original.Elf.Source.Length}"));
            return findings;
        }

        // Read, not mapped: pages compared once must not stay in this process's memory.
        using FileStream one = OpenSequential(image.Elf.Source.Name);
        using FileStream two = OpenSequential(original.Elf.Source.Name);
        (byte[] a, byte[] b) = (new byte[ChunkSize], new byte[ChunkSize]);
        (ElfSection[] Sections, RangeIndex Index) text = TextByOffset(original);
        for (long offset = 0; ;)
        {
            int read = one.ReadAtLeast(a, ChunkSize, throwOnEndOfStream: false);
            if (two.ReadAtLeast(b, ChunkSize, throwOnEndOfStream: false) != read)
                throw new IOException($"{image.Elf.Source.Name}: changed while it was read");
            CompareChunk(a.AsSpan(0, read), b.AsSpan(0, read), offset, text, original, originalSites, findings);
            if (read < ChunkSize || findings.Count >= MostFindings) break;
            offset += read;
        }

        if (findings.Count >= MostFindings)
            findings.Add(new Finding(VerifyRules.OutsideSites, findings[^1].Address, $"and more: only the first {MostFindings} are listed"));
        findings.AddRange(new AlternativeStates(image, originalSites).CheckOriginals(image, original, originalSites));
        return findings;
    }

    private static void CompareChunk(
        ReadOnlySpan<byte> a, ReadOnlySpan<byte> b, long offset, (ElfSection[] Sections, RangeIndex Index) text,
        KernelImage original, SiteTable sites, List<Finding> findings)
    {
        for (int at = 0; at < a.Length && findings.Count < MostFindings;)
        {
            at += a[at..].CommonPrefixLength(b[at..]);
            if (at >= a.Length) return;
            ulong place = (ulong)(offset + at);
            ElfSection? section = text.Index.Find(place) is var found and >= 0 ? text.Sections[found] : null;
            ulong address = section is null ? place : section.Address + (place - section.Offset);
            if (section is not null && EndOfSites(sites, address) is var end && end > address)
            {
                at += (int)Math.Min(end - address, (ulong)(a.Length - at)); // all of this site may differ
                continue;
            }

            int length = 1;
            while (at + length < a.Length && a[at + length] != b[at + length] && length < 16) length++;
            string where = section is null ? $"file offset 0x{place:x}" : original.Symbols.Describe(address);
            findings.Add(new Finding(VerifyRules.OutsideSites, address,
                $"{where}: {Convert.ToHexStringLower(a.Slice(at, length))} instead of {Convert.ToHexStringLower(b.Slice(at, length))}, and no site is there"));
            at += length;
        }
    }

    private static ulong EndOfSites(SiteTable sites, ulong address)
    {
        ulong end = address;
        for (int i = sites.FirstEndingAfter(address); i < sites.All.Count && sites.All[i].Address <= address; i++)
            end = Math.Max(end, sites.All[i].End);
        return end;
    }

    private static (ElfSection[] Sections, RangeIndex Index) TextByOffset(KernelImage image)
    {
        ElfSection[] sections = [.. image.TextSections.OrderBy(s => s.Offset)];
        return (sections, new RangeIndex(
            Array.ConvertAll(sections, s => s.Offset), Array.ConvertAll(sections, s => s.Offset + s.Size)));
    }

    private static FileStream OpenSequential(string path) =>
        new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1, FileOptions.SequentialScan);
}
