using PvPatch.Kernel;

namespace PvPatch.Sites;

/// <summary>Every site of an image, by kind in table order, and all together by address.</summary>
public sealed class SiteTable
{
    private readonly Lazy<Site[]> all;

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

    /// <summary>The position in <see cref="All"/> of the first site that ends beyond an address; their number if none.</summary>
    public int FirstEndingAfter(ulong address)
    {
        Site[] sites = all.Value;
        int low = 0;
        for (int high = sites.Length; low < high;)
        {
            int middle = (low + high) / 2;
            if (sites[middle].Address + MaxSiteLength <= address) low = middle + 1;
            else high = middle;
        }

        while (low < sites.Length && sites[low].End <= address) low++;
        return low;
    }

    private const ulong MaxSiteLength = byte.MaxValue;

    private Site[] SortAll()
    {
        List<Site> sites = [.. SiteKindNames.All.SelectMany(Of)];
        sites.Sort(static (a, b) =>
            a.Address != b.Address ? a.Address.CompareTo(b.Address)
            : a.Kind != b.Kind ? a.Kind.CompareTo(b.Kind)
            : a.Record.CompareTo(b.Record));
        return [.. sites];
    }
}
