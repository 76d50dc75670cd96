using System.Text.RegularExpressions;
using PvPatch.Kernel;
using PvPatch.Patching;
using PvPatch.Platforms;
using PvPatch.Sites;
using PvPatch.X86;

namespace PvPatch.Checking;

/// <summary>The sites added, removed and changed between two images, matched by symbol, offset and kind.</summary>
public sealed partial class SiteDiff
{
    private readonly int[] same = new int[SiteKindNames.All.Count];

    private SiteDiff(List<SiteChange> changes) => Changes = changes;

    /// <summary>What differs: in the new image's order of addresses, then what was removed.</summary>
    public IReadOnlyList<SiteChange> Changes { get; }

    /// <summary>Compares the sites of two images.</summary>
    public static SiteDiff Compare(KernelImage old, SiteCatalog oldCatalog, SiteTable oldSites, KernelImage fresh, SiteCatalog newCatalog, SiteTable newSites)
    {
        var before = new Dictionary<(string, SiteKind, int), Site>();
        foreach ((string name, int ordinal, Site site) in Named(old, oldSites)) before[(name, site.Kind, ordinal)] = site;
        (var oldText, var newText) = (new Disassembler(old.Symbols), new Disassembler(fresh.Symbols));
        var diff = new SiteDiff([]);
        var changes = (List<SiteChange>)diff.Changes;
        foreach ((string name, int ordinal, Site site) in Named(fresh, newSites))
        {
            if (!before.Remove((name, site.Kind, ordinal), out Site former)) changes.Add(new SiteChange(name, site.Kind, null, site));
            else if (IsSame(former, site)) diff.same[(int)site.Kind]++;
            else changes.Add(new SiteChange(name, site.Kind, former, site));
        }

        changes.AddRange(before.OrderBy(e => e.Value.Address).ThenBy(e => e.Value.Kind)
            .Select(e => new SiteChange(e.Key.Item1, e.Key.Item2, e.Value, null)));
        return diff;

        // Where code moved, bytes differ though the instructions name the same places.
        bool IsSame(in Site a, in Site b)
        {
            if (a.Length != b.Length || Stable(oldCatalog.Describe(a)) != Stable(newCatalog.Describe(b))) return false;
            if (!SameCode(a.Address, b.Address, a.Length)) return false;
            (AlternativeSite? one, AlternativeSite? two) = (oldCatalog.FindAlternative(a), newCatalog.FindAlternative(b));
            return one?.ReplacementLength == two?.ReplacementLength
                && (one is null || two is null || SameCode(one.Value.Replacement, two.Value.Replacement, one.Value.ReplacementLength));
        }

        bool SameCode(ulong a, ulong b, int length)
        {
            if (length == 0) return true; // an empty replacement need not lie anywhere
            ReadOnlySpan<byte> x = old.Memory.Slice(a, (ulong)length, "site"), y = fresh.Memory.Slice(b, (ulong)length, "site");
            return (a == b && x.SequenceEqual(y)) || Stable(oldText.Format(x, a)) == Stable(newText.Format(y, b));
        }
    }

    // Numbers that the compiler counts up, and places in a section without names, move with every build and mean nothing.
    private static string Stable(string text) => Generated().Replace(text, "${name}");

    [GeneratedRegex(@"(?<name>__UNIQUE_ID_[A-Za-z_]*)\d+(\.\d+)?|(?<=\w)\.\d+\b|(?<=\.altinstr_aux)\+0x[0-9a-f]+", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Generated();

    /// <summary>How many sites of a kind are alike in both.</summary>
    public int Same(SiteKind kind) => same[(int)kind];

    // Several records may name one place, and several static functions bear one name: the ordinal tells them apart.
    private static IEnumerable<(string Name, int Ordinal, Site Site)> Named(KernelImage image, SiteTable sites)
    {
        var seen = new Dictionary<(string, SiteKind), int>();
        foreach (Site site in sites.All)
        {
            string name = image.Symbols.Describe(site.Address);
            int ordinal = seen.GetValueOrDefault((name, site.Kind));
            seen[(name, site.Kind)] = ordinal + 1;
            yield return (name, ordinal, site);
        }
    }
}
