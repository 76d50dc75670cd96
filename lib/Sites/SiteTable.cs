using PvPatch.Elf;
using PvPatch.Kernel;

namespace PvPatch.Sites;

/// <summary>Every site of an image, by kind in table order, and all together by address.</summary>
public sealed class SiteTable
{
    private readonly Lazy<Site[]> all;
    private readonly Lazy<RangeIndex> index;
    private readonly Lazy<AlternativeSite[]> alternativesByAddress;
    private readonly Lazy<RangeIndex> alternativesIndex;

    private SiteTable(KernelImage image)
    {
        Paravirt = SiteReader.ReadParavirt(image);
        Alternatives = SiteReader.ReadAlternatives(image);
        Retpolines = SiteReader.ReadRetpolines(image);
        Returns = SiteReader.ReadReturns(image);
        Locks = SiteReader.ReadLocks(image);
        Ftrace = SiteReader.ReadFtrace(image);
        JumpLabels = SiteReader.ReadJumpLabels(image);
        StaticCalls = SiteReader.ReadStaticCalls(image);
        all = new Lazy<Site[]>(SortAll);
        index = new Lazy<RangeIndex>(() => new RangeIndex(
            Array.ConvertAll(all.Value, s => s.Address), Array.ConvertAll(all.Value, s => s.End)));
        alternativesByAddress = new Lazy<AlternativeSite[]>(() => [.. Alternatives.OrderBy(s => s.Site.Address)]);
        alternativesIndex = new Lazy<RangeIndex>(() => new RangeIndex(
            Array.ConvertAll(alternativesByAddress.Value, s => s.Site.Address),
            Array.ConvertAll(alternativesByAddress.Value, s => s.Site.End)));
    }

    /// <summary>Paravirt calls.</summary>
    public ParavirtSite[] Paravirt { get; }

    /// <summary>Alternatives, one entry a record: several may name the same place.</summary>
    public AlternativeSite[] Alternatives { get; }

    /// <summary>Calls and jumps to indirect thunks.</summary>
    public Site[] Retpolines { get; }

    /// <summary>Jumps to the return thunk.</summary>
    public Site[] Returns { get; }

    /// <summary>Lock prefixes.</summary>
    public Site[] Locks { get; }

    /// <summary>Calls to __fentry__.</summary>
    public Site[] Ftrace { get; }

    /// <summary>Branches on static keys.</summary>
    public JumpLabelSite[] JumpLabels { get; }

    /// <summary>Static calls, trampolines last.</summary>
    public StaticCallSite[] StaticCalls { get; }

    /// <summary>Every site, by address, then by kind.</summary>
    public IReadOnlyList<Site> All => all.Value;

    /// <summary>Reads all tables of an image.</summary>
    /// <exception cref="MalformedImageException">A record is impossible.</exception>
    public static SiteTable Read(KernelImage image) => new(image);

    /// <summary>The sites of one kind, in table order.</summary>
    public IEnumerable<Site> Of(SiteKind kind) => kind switch
    {
        SiteKind.Paravirt => Paravirt.Select(s => s.Site),
        SiteKind.Alternative => Alternatives.Select(s => s.Site),
        SiteKind.Retpoline => Retpolines,
        SiteKind.Return => Returns,
        SiteKind.Lock => Locks,
        SiteKind.Ftrace => Ftrace,
        SiteKind.JumpLabel => JumpLabels.Select(s => s.Site),
        SiteKind.StaticCall => StaticCalls.Select(s => s.Site),
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    /// <summary>The sites that hold an address.</summary>
    public IEnumerable<Site> Over(ulong address)
    {
        for (int i = FirstEndingAfter(address); i < All.Count && All[i].Address <= address; i++)
            if (address < All[i].End) yield return All[i];
    }

    /// <summary>The position in <see cref="All"/> of the first site that ends beyond an address; their number if none.</summary>
    public int FirstEndingAfter(ulong address) => index.Value.FirstEndingAfter(address);

    /// <summary>The alternatives over an address.</summary>
    public IEnumerable<AlternativeSite> AlternativesOver(ulong address)
    {
        AlternativeSite[] sites = alternativesByAddress.Value;
        for (int i = alternativesIndex.Value.FirstEndingAfter(address); i < sites.Length && sites[i].Site.Address <= address; i++)
            if (address < sites[i].Site.End) yield return sites[i];
    }

    private const int MaxNeighbours = 512; // a site has at most 254 bytes, each of which may hold a lock prefix

    private Site[] SortAll()
    {
        List<Site> sites = [.. SiteKindNames.All.SelectMany(Of)];
        sites.Sort(static (a, b) =>
            a.Address != b.Address ? a.Address.CompareTo(b.Address)
            : a.Kind != b.Kind ? a.Kind.CompareTo(b.Kind)
            : a.Record.CompareTo(b.Record));

        // Whoever walks the neighbours of every site relies on their number.
        for (int i = MaxNeighbours; i < sites.Count; i++)
            if (sites[i].Address - sites[i - MaxNeighbours].Address < (ulong)Math.Max(sites[i - MaxNeighbours].Length, 1))
                throw new MalformedImageException(
                    $"site 0x{sites[i].Address:x}", $"more than {MaxNeighbours} records name the bytes of one site, and no kernel patches a place so often");
        return [.. sites];
    }
}
