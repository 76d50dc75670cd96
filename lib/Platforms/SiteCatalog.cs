using PvPatch.Kernel;
using PvPatch.Sites;

namespace PvPatch.Platforms;

/// <summary>What a record says beyond its place, in words: an op, a feature test, a key.</summary>
public sealed class SiteCatalog
{
    private readonly KernelImage image;
    private readonly Dictionary<ulong, ParavirtSite> paravirt;
    private readonly Dictionary<ulong, AlternativeSite> alternatives;
    private readonly Dictionary<ulong, JumpLabelSite> jumpLabels;
    private readonly Dictionary<ulong, StaticCallSite> staticCalls;

    /// <summary>Indexes the sites by their records.</summary>
    public SiteCatalog(KernelImage image, SiteTable sites, OpTable ops, FeatureNames features)
    {
        (this.image, Ops, Features) = (image, ops, features);
        paravirt = sites.Paravirt.ToDictionary(s => s.Site.Record);
        alternatives = sites.Alternatives.ToDictionary(s => s.Site.Record);
        jumpLabels = sites.JumpLabels.ToDictionary(s => s.Site.Record);
        staticCalls = sites.StaticCalls.DistinctBy(s => s.Site.Record).ToDictionary(s => s.Site.Record);
    }

    /// <summary>The image's ops.</summary>
    public OpTable Ops { get; }

    /// <summary>The era's feature names.</summary>
    public FeatureNames Features { get; }

    /// <summary>The op of a paravirt site, else null.</summary>
    public string? OpOf(in Site site) =>
        site.Kind == SiteKind.Paravirt && paravirt.TryGetValue(site.Record, out ParavirtSite found) ? Ops.NameOf(found.Op) : null;

    /// <summary>The feature test of an alternative, else null.</summary>
    public string? FeatureOf(in Site site) => FindAlternative(site) is { } found ? Features.Describe(found.Feature) : null;

    /// <summary>The key of a jump label or static call by name, else null.</summary>
    public string? KeyOf(in Site site) => site.Kind switch
    {
        SiteKind.JumpLabel when jumpLabels.TryGetValue(site.Record, out JumpLabelSite label) => image.Symbols.Describe(label.Key),
        SiteKind.StaticCall when staticCalls.TryGetValue(site.Record, out StaticCallSite call) => image.Symbols.Describe(call.Key),
        _ => null,
    };

    /// <summary>The alternative of a record, else null.</summary>
    public AlternativeSite? FindAlternative(in Site site) =>
        site.Kind == SiteKind.Alternative && alternatives.TryGetValue(site.Record, out AlternativeSite found) ? found : null;

    /// <summary>The op, feature test or key in one column; a dash for kinds that have none.</summary>
    public string Describe(in Site site) => OpOf(site) ?? FeatureOf(site) ?? KeyOf(site) ?? "-";
}
