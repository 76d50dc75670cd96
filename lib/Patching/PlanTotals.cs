using PvPatch.Elf;
using PvPatch.Kernel;
using PvPatch.Sites;

namespace PvPatch.Patching;

/// <summary>How many sites and bytes a plan changes, by kind; a byte that several kinds cover counts for the first of them.</summary>
public sealed class PlanTotals
{
    private readonly int[] sites = new int[SiteKindNames.All.Count];
    private readonly int[] changed = new int[SiteKindNames.All.Count];
    private readonly long[] bytes = new long[SiteKindNames.All.Count];

    /// <summary>Counts a plan against its image.</summary>
    public PlanTotals(KernelImage image, Plan plan)
    {
        var counted = plan.Text.Sections.Select(s => new bool[s.Size]).ToArray();
        foreach (SiteKind kind in SiteKindNames.All)
            foreach (Site site in plan.Sites.Of(kind))
            {
                sites[(int)kind]++;
                int fresh = Count(image, plan, site, counted);
                bytes[(int)kind] += fresh;
                if (fresh != 0) changed[(int)kind]++;
            }
    }

    /// <summary>Sites of a kind.</summary>
    public int Sites(SiteKind kind) => sites[(int)kind];

    /// <summary>Sites of a kind that change a byte no earlier kind counts.</summary>
    public int Changed(SiteKind kind) => changed[(int)kind];

    /// <summary>Bytes of a kind that change and no earlier kind counts.</summary>
    public long Bytes(SiteKind kind) => bytes[(int)kind];

    private static int Count(KernelImage image, Plan plan, in Site site, bool[][] counted)
    {
        int i = image.FindTextIndex(site.Address);
        ElfSection section = plan.Text.Sections[i];
        int into = (int)(site.Address - section.Address);
        ReadOnlySpan<byte> old = image.Elf.GetContents(section).Slice(into, site.Length);
        ReadOnlySpan<byte> fresh = plan.Text.GetContents(i).Slice(into, site.Length);
        int count = 0;
        for (int at = 0; at < site.Length; at++)
        {
            if (old[at] == fresh[at] || counted[i][into + at]) continue;
            counted[i][into + at] = true;
            count++;
        }

        return count;
    }
}
