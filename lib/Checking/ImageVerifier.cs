using System.Buffers.Binary;
using PvPatch.Elf;
using PvPatch.Kernel;
using PvPatch.Sites;
using PvPatch.X86;

namespace PvPatch.Checking;

/// <summary>Checks an image, original or rewritten, on its own: is every site legal, and every rewrite sound?</summary>
public sealed class ImageVerifier
{
    private readonly KernelImage image;
    private readonly SiteTable sites;
    private readonly TextMap map;
    private readonly List<Finding> findings = [];
    private HashSet<ulong>? variants;

    private ImageVerifier(KernelImage image, SiteTable sites)
    {
        (this.image, this.sites) = (image, sites);
        map = TextMap.Build(image, sites);
    }

    /// <summary>Runs every check that needs one image only.</summary>
    public static IReadOnlyList<Finding> Verify(KernelImage image, SiteTable sites)
    {
        var verifier = new ImageVerifier(image, sites);
        verifier.CheckOverlapsAndBoundaries();
        verifier.CheckBranches();
        verifier.CheckTable("__ex_table", "__start___ex_table", "__stop___ex_table", 12, VerifyRules.ExceptionInside);
        verifier.CheckTable(".orc_unwind_ip", "__start_orc_unwind_ip", "__stop_orc_unwind_ip", 4, VerifyRules.OrcInside);
        verifier.CheckSymbols();
        verifier.findings.AddRange(SiteStates.Check(image, sites));
        return [.. verifier.findings.OrderBy(f => f.Address).ThenBy(f => f.Rule.Id, StringComparer.Ordinal)];
    }

    private void CheckOverlapsAndBoundaries()
    {
        IReadOnlyList<Site> all = sites.All;
        for (int i = 0; i < all.Count; i++)
        {
            Site site = all[i];
            for (int j = i + 1; j < all.Count && all[j].Address < site.End; j++)
            {
                if (IsSettled(site, all[j])) continue;
                Add(VerifyRules.Overlap, all[j].Address,
                    $"{all[j].Kind.Text()} site of {all[j].Length} bytes overlaps the {site.Kind.Text()} site of {site.Length} bytes at 0x{site.Address:x}");
                break; // one a site: of n sites at one place there are n² pairs
            }

            if (site.Length == 0 || IsInsideAlternative(site)) continue; // the alternative decides what stands there
            if (!map.IsBoundary(site.Address))
                Add(VerifyRules.Boundary, site.Address, $"{site.Kind.Text()} site begins inside an instruction");
            else if (site.Kind != SiteKind.Lock && !map.IsBoundary(site.End))
                Add(VerifyRules.Boundary, site.Address, $"{site.Kind.Text()} site of {site.Length} bytes ends inside an instruction");
        }
    }

    private bool IsInsideAlternative(in Site site)
    {
        for (int i = sites.FirstEndingAfter(site.Address); i < sites.All.Count && sites.All[i].Address <= site.Address; i++)
        {
            Site other = sites.All[i];
            bool larger = other.Length > site.Length || other.Kind != site.Kind;
            if (other.Kind == SiteKind.Alternative && larger && other.End >= site.End) return true;
        }

        return false;
    }

    // Alternatives come after everything that may lie in them, and one after another in table order (apply_alternatives, 6.1).
    private static bool IsSettled(in Site first, in Site second)
    {
        if (first.Kind == SiteKind.Alternative && second.Kind == SiteKind.Alternative) return true;
        if (first.Kind == SiteKind.Return && second.Kind == SiteKind.StaticCall)
            return first.Address == second.Address && first.Length == second.Length; // a trampoline: __static_call_fixup
        if (first.Kind == SiteKind.Alternative) return second.End <= first.End || second.Kind == SiteKind.Lock;
        return second.Kind == SiteKind.Alternative && second.Address == first.Address && second.End >= first.End;
    }

    private void CheckBranches()
    {
        foreach (DirectBranch branch in map.Branches)
        {
            if (map.IsInsideSiteInstruction(branch.Target))
                Add(VerifyRules.BranchInside, branch.Target,
                    $"the branch at 0x{branch.Source:x} ({image.Symbols.Describe(branch.Source)}) lands inside an instruction");
            if (branch.IsCall && SiteAt(branch.Source) is { } site
                && !(branch.Target >= site.Address && branch.Target < site.End) && !image.Symbols.IsSymbolAt(branch.Target))
                Add(VerifyRules.CallTarget, branch.Source,
                    $"{site.Kind.Text()} site calls 0x{branch.Target:x} ({image.Symbols.Describe(branch.Target)}), which is no function's entry");
        }
    }

    private Site? SiteAt(ulong address)
    {
        for (int i = sites.FirstEndingAfter(address); i < sites.All.Count && sites.All[i].Address <= address; i++)
            if (address < sites.All[i].End) return sites.All[i];
        return null;
    }

    private void CheckTable(string section, string start, string stop, int stride, FindingRule rule)
    {
        (ulong table, ulong length) = image.FindTable(new TableSpec(SiteKind.Alternative, section, start, stop, stride));
        if (length == 0 || !image.Memory.TrySlice(table, length, out ReadOnlySpan<byte> bytes)) return;
        for (int at = 0; at <= bytes.Length - stride; at += stride)
        {
            ulong address = table + (ulong)at + (ulong)(long)BinaryPrimitives.ReadInt32LittleEndian(bytes[at..]);
            if (map.IsInsideSiteInstruction(address) && !IsVariantBoundary(address))
                Add(rule, address, $"the entry at 0x{table + (ulong)at:x} of {section} names the inside of an instruction");
        }
    }

    // objtool lays one set of entries over a site's original and all its replacements: a boundary of any of them is right.
    private bool IsVariantBoundary(ulong address) => (variants ??= VariantBoundaries.Find(image, sites)).Contains(address);

    private void CheckSymbols()
    {
        ReadOnlySpan<ulong> addresses = image.Symbols.SortedAddresses;
        for (int i = 0; i < addresses.Length; i++)
            if (map.IsInsideSiteInstruction(addresses[i]))
                Add(VerifyRules.SymbolInside, addresses[i],
                    $"{image.Symbols.GetName(image.Symbols.AtSorted(i))} stands inside an instruction");
    }

    private void Add(FindingRule rule, ulong address, string message) => findings.Add(new Finding(rule, address, message));
}
