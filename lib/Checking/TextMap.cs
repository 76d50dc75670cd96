using PvPatch.Elf;
using PvPatch.Kernel;
using PvPatch.Sites;
using PvPatch.X86;

namespace PvPatch.Checking;

/// <summary>Where the instructions of an image begin, and which direct branches touch its sites.</summary>
public sealed class TextMap
{
    private readonly KernelImage image;
    private readonly IReadOnlyList<ElfSection> sections;
    private readonly byte[][] flags;

    private TextMap(KernelImage image, SiteTable sites)
    {
        this.image = image;
        sections = image.TextSections;
        flags = [.. sections.Select(s => new byte[s.Size])];
        foreach (Site site in sites.All) FlagsAt(site.Address, site.Length).Fill(TextScan.Watched);
        Branches = Scan(sites);
    }

    /// <summary>The direct branches that start or land in a site's bytes.</summary>
    public IReadOnlyList<DirectBranch> Branches { get; }

    /// <summary>Decodes all executable text of an image.</summary>
    public static TextMap Build(KernelImage image, SiteTable sites) => new(image, sites);

    /// <summary>Whether an instruction begins at an address, or text ends there.</summary>
    public bool IsBoundary(ulong address)
    {
        if (image.FindText(address - 1) is { } section && address == section.Address + section.Size) return true;
        Span<byte> at = FlagsAt(address, 1);
        return !at.IsEmpty && (at[0] & TextScan.Boundary) != 0;
    }

    /// <summary>Whether an address lies within a site but not at the start of one of its instructions.</summary>
    public bool IsInsideSiteInstruction(ulong address)
    {
        Span<byte> at = FlagsAt(address, 1);
        return !at.IsEmpty && at[0] == TextScan.Watched;
    }

    private Span<byte> FlagsAt(ulong address, int length)
    {
        int i = image.FindTextIndex(address);
        if (i < 0) return default;
        int into = (int)(address - sections[i].Address);
        return flags[i].AsSpan(into, Math.Min(length, flags[i].Length - into));
    }

    private List<DirectBranch> Scan(SiteTable sites)
    {
        const int chunkStarts = 2048; // symbols to a chunk: enough chunks for two cores to share, few enough to be cheap
        var chunks = new List<(int Section, byte[] Code, int[] Starts)>();
        for (int i = 0; i < sections.Count; i++)
        {
            byte[] code = image.Elf.GetContents(sections[i]).ToArray();
            int[] starts = Starts(image.Symbols, sites, sections[i], flags[i]);
            for (int from = 0; from + 1 < starts.Length; from += chunkStarts)
                chunks.Add((i, code, starts[from..Math.Min(from + chunkStarts + 1, starts.Length)]));
        }

        var found = new List<DirectBranch>[chunks.Count];
        Parallel.For(0, chunks.Count, chunk =>
        {
            (int section, byte[] code, int[] starts) = chunks[chunk];
            found[chunk] = [];
            TextScan.Decode(code, flags[section], sections[section].Address, starts, found[chunk]);
        });
        return [.. found.SelectMany(b => b)];
    }

    // A symbol inside a site is no new start: whether it stands on one of the site's instructions is for the checks to find.
    private static int[] Starts(ElfSymbolTable symbols, SiteTable sites, ElfSection section, byte[] flags)
    {
        ReadOnlySpan<ulong> addresses = symbols.SortedAddresses;
        var starts = new List<int> { 0 };
        int at = addresses.BinarySearch(section.Address);
        for (at = at < 0 ? ~at : at; at < addresses.Length && section.Contains(addresses[at]); at++)
        {
            int offset = (int)(addresses[at] - section.Address);
            if (offset > starts[^1] && ((flags[offset] & TextScan.Watched) == 0 || !IsInside(sites, addresses[at])))
                starts.Add(offset);
        }

        starts.Add((int)section.Size);
        return [.. starts];
    }

    private static bool IsInside(SiteTable sites, ulong address)
    {
        for (int i = sites.FirstEndingAfter(address); i < sites.All.Count && sites.All[i].Address < address; i++)
            if (sites.All[i].End > address) return true;
        return false;
    }
}
