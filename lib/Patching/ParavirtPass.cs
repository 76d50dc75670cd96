using PvPatch.Kernel;
using PvPatch.Platforms;
using PvPatch.Sites;
using PvPatch.X86;

namespace PvPatch.Patching;

/// <summary>apply_paravirt, 5.12 to 6.7: a direct call of the op's function, or nothing, then NOPs.</summary>
public static class ParavirtPass
{
    /// <summary>Computes a site's new bytes.</summary>
    /// <exception cref="MalformedImageException">The op lies outside of pv_ops.</exception>
    public static PatchReason Compute(in ParavirtSite site, Target target, Span<byte> output)
    {
        if (!target.TryGetOp(site.Op, out ulong function))
            throw new MalformedImageException($"paravirt record 0x{site.Site.Record:x}", $"its op {site.Op} is not in pv_ops");
        PatchReason reason = function == 0 ? PatchReason.MissingOp
            : function == target.Places.ParavirtNop ? PatchReason.EmptyOp
            : PatchReason.DirectCall;
        if (reason == PatchReason.MissingOp)
            function = KernelPlaces.Require(target.Places.ParavirtBug, "paravirt_BUG", "paravirt");
        int used = 0;
        if (reason != PatchReason.EmptyOp)
        {
            Branch.Write(output, Branch.Call, site.Site.Address, function);
            used = Branch.Length;
        }

        Nops.Fill(output[used..site.Site.Length]);
        return reason;
    }
}
