using PvPatch.Kernel;
using PvPatch.Sites;
using PvPatch.X86;

namespace PvPatch.Patching;

/// <summary>Whether an image's text is as the link left it: what a rewrite took away, no second one can bring back.</summary>
public static class OriginalText
{
    /// <summary>The first site that a pass of the kernel has already written, or null.</summary>
    public static Site? FindPatched(KernelImage image, SiteTable sites)
    {
        foreach (ParavirtSite site in sites.Paravirt)
            if (!At(image, site.Site).StartsWith((ReadOnlySpan<byte>)[0xff, 0x15])) return site.Site; // call *pv_ops+n(%rip)
        foreach (Site site in sites.Ftrace)
            if (At(image, site)[0] != Branch.Call) return site;
        foreach (Site site in sites.Returns)
            if (At(image, site).SequenceEqual((ReadOnlySpan<byte>)[0xc3, 0xcc, 0xcc, 0xcc, 0xcc])) return site;
        return null;
    }

    private static ReadOnlySpan<byte> At(KernelImage image, in Site site) => image.Memory.Slice(site.Address, (ulong)site.Length, "site");
}
