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
    private readonly HashSet<ulong> misplaced = [];
    private readonly AlternativeStates alternatives;
    private HashSet<ulong>? variants;

    private ImageVerifier(KernelImage image, SiteTable sites)
    {
        (this.image, this.sites) = (image, sites);
        map = TextMap.Build(image, sites);
        alternatives = new AlternativeStates(image, sites);
    }

    /// <summary>Runs every check that needs one image only.</summary>
    public static IReadOnlyList<Finding> Verify(KernelImage image, SiteTable sites)
    {
        var verifier = new ImageVerifier(image, sites);
        verifier.CheckOverlapsAndBoundaries();
        verifier.CheckBranches();
        var exceptions = new TableSpec(SiteKind.Alternative, "__ex_table", "__start___ex_table", "__stop___ex_table", 12);
        verifier.CheckTable(exceptions, 0, VerifyRules.ExceptionInside, orAnyVariant: true);
        verifier.CheckTable(exceptions, 4, VerifyRules.ExceptionInside, orAnyVariant: false); // where a fault goes on
        var orc = new TableSpec(SiteKind.Alternative, ".orc_unwind_ip", "__start_orc_unwind_ip", "__stop_orc_unwind_ip", 4);
        verifier.CheckTable(orc, 0, VerifyRules.OrcInside, orAnyVariant: true);
        verifier.CheckSymbols();

        // Where a site is misplaced, its bytes are another's: one cause, one finding.
        verifier.misplaced.UnionWith(verifier.findings.Select(f => f.Address));
        verifier.findings.AddRange(
            SiteStates.Check(image, sites, verifier.alternatives).Where(f => !verifier.misplaced.Contains(f.Address)));
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
                misplaced.Add(site.Address);
                Add(VerifyRules.Overlap, all[j].Address,
                    $"{all[j].Kind.Text()} site of {all[j].Length} bytes overlaps the {site.Kind.Text()} site of {site.Length} bytes at 0x{site.Address:x}");
                break; // one a site: of n sites at one place there are n² pairs
            }

            if (site.Length == 0 || (site.Kind != SiteKind.Alternative && alternatives.IsReplaced(site.Address))) continue;
            if (!map.IsBoundary(site.Address))
                Add(VerifyRules.Boundary, site.Address, $"{site.Kind.Text()} site begins inside an instruction");
            else if (site.Kind != SiteKind.Lock && !map.IsBoundary(site.End))
                Add(VerifyRules.Boundary, site.Address, $"{site.Kind.Text()} site of {site.Length} bytes ends inside an instruction");
        }
    }

    // alternative_instructions, 6.1: paravirt, retpolines and returns come before the alternatives that may cover them, locks
    // after; alternatives of one place in table order. Keys, static calls and ftrace are written again at any time.
    private static bool IsSettled(in Site first, in Site second)
    {
        if (first.Kind == SiteKind.Alternative && second.Kind == SiteKind.Alternative) return first.Address == second.Address;
        if (first.Kind == SiteKind.Return && second.Kind == SiteKind.StaticCall)
            return first.Address == second.Address && first.Length == second.Length; // a trampoline: __static_call_fixup
        (Site outer, Site inner) = first.Kind == SiteKind.Alternative ? (first, second) : (second, first);
        return outer.Kind == SiteKind.Alternative && inner.Address >= outer.Address && inner.End <= outer.End
            && inner.Kind is SiteKind.Paravirt or SiteKind.Retpoline or SiteKind.Return or SiteKind.Lock;
    }

    private void CheckBranches()
    {
        foreach (DirectBranch branch in map.Branches)
        {
            if (map.IsInsideSiteInstruction(branch.Target))
                Add(VerifyRules.BranchInside, branch.Target,
                    $"the branch at 0x{branch.Source:x} ({image.Symbols.Describe(branch.Source)}) lands inside an instruction");
            if (branch.IsCall && sites.Over(branch.Source).FirstOrDefault() is { Length: not 0 } site
                && !(branch.Target >= site.Address && branch.Target < site.End)
                && !(image.FindText(branch.Target) is not null && image.Symbols.IsEntryAt(branch.Target)))
                Add(VerifyRules.CallTarget, branch.Source,
                    $"{site.Kind.Text()} site calls 0x{branch.Target:x} ({image.Symbols.Describe(branch.Target)}), which is no function's entry");
        }

        // The jump is written as soon as the key changes, whatever stands there now.
        foreach (JumpLabelSite label in sites.JumpLabels)
            if (map.IsInsideSiteInstruction(label.Target))
                Add(VerifyRules.BranchInside, label.Target,
                    $"the jump label at 0x{label.Site.Address:x} ({image.Symbols.Describe(label.Site.Address)}) targets the inside of an instruction");
    }

    private void CheckTable(TableSpec spec, int field, FindingRule rule, bool orAnyVariant)
    {
        (ulong table, ulong length) = image.FindTable(spec);
        if (length == 0) return;
        ReadOnlySpan<byte> bytes = image.Memory.Slice(table, length, spec.Name);
        if (bytes.Length % spec.Stride != 0)
            throw new MalformedImageException(spec.Name, $"its {bytes.Length} bytes are not a multiple of {spec.Stride}");
        for (int at = 0; at < bytes.Length; at += spec.Stride)
        {
            ulong address = table + (ulong)(at + field) + (ulong)(long)BinaryPrimitives.ReadInt32LittleEndian(bytes[(at + field)..]);
            if (map.IsInsideSiteInstruction(address) && !(orAnyVariant && IsVariantBoundary(address)))
                Add(rule, address, $"the entry at 0x{table + (ulong)at:x} of {spec.Name} names the inside of an instruction");
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
