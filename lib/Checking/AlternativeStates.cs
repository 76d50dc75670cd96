using PvPatch.Kernel;
using PvPatch.Patching;
using PvPatch.Sites;
using PvPatch.X86;

namespace PvPatch.Checking;

/// <summary>Which alternatives of an image hold one of their replacements now, and which still hold their original.</summary>
internal sealed class AlternativeStates
{
    private readonly HashSet<ulong> replaced = [];

    /// <summary>Puts every replacement at its site and compares.</summary>
    public AlternativeStates(KernelImage image, SiteTable sites)
    {
        Span<byte> form = stackalloc byte[byte.MaxValue];
        foreach (AlternativeSite site in sites.Alternatives)
        {
            if (site.Site.Length == 0) continue;
            ReadOnlySpan<byte> replacement = site.ReplacementLength == 0
                ? default
                : image.Memory.Slice(site.Replacement, (ulong)site.ReplacementLength, "replacement");
            Span<byte> written = form[..site.Site.Length];
            AlternativePass.Replace(site, replacement, written);
            NopOptimizer.Optimize(written);
            if (!At(image, site.Site).SequenceEqual(written)) continue;
            for (ulong at = site.Site.Address; at < site.Site.End; at++) replaced.Add(at);
        }
    }

    /// <summary>Whether the place holds a replacement: what other records say of it no longer counts.</summary>
    public bool IsReplaced(ulong address) => replaced.Contains(address);

    /// <summary>Judges alternatives that hold no replacement: their original, as it was or with its padding optimised.</summary>
    /// <remarks>Sites inside are judged by their own kind, so any byte of theirs passes here.</remarks>
    public IEnumerable<Finding> CheckOriginals(KernelImage image, KernelImage original, SiteTable sites)
    {
        var findings = new List<Finding>();
        byte[] optimised = new byte[byte.MaxValue];
        foreach (AlternativeSite site in sites.Alternatives.DistinctBy(s => (s.Site.Address, s.Site.Length)))
        {
            if (site.Site.Length == 0 || IsReplaced(site.Site.Address)) continue;
            ReadOnlySpan<byte> now = At(image, site.Site), before = At(original, site.Site);
            before.CopyTo(optimised);
            NopOptimizer.Optimize(optimised.AsSpan(0, before.Length));
            for (int i = 0; i < now.Length; i++)
            {
                if (now[i] == before[i] || now[i] == optimised[i] || IsInsideOther(sites, site.Site.Address + (ulong)i)) continue;
                findings.Add(new Finding(VerifyRules.IllegalState, site.Site.Address,
                    $"alternative site holds {Convert.ToHexStringLower(now)}, which is neither its original nor one of its replacements"));
                break;
            }
        }

        return findings;
    }

    private static ReadOnlySpan<byte> At(KernelImage image, in Site site) => image.Memory.Slice(site.Address, (ulong)site.Length, "site");

    private static bool IsInsideOther(SiteTable sites, ulong address) =>
        sites.Over(address).Any(s => s.Kind != SiteKind.Alternative);
}
