using PvPatch.Platforms;
using PvPatch.Sites;
using PvPatch.X86;

namespace PvPatch.Patching;

/// <summary>The state in which jump_label_init and later key changes leave a branch: taken where key and branch bit differ.</summary>
public static class JumpLabelPass
{
    /// <summary>Computes a site's new bytes.</summary>
    /// <param name="site">The branch.</param>
    /// <param name="target">Holds the keys.</param>
    /// <param name="initial">Outside of core text: init text is gone after boot, exit text no kernel_text_address; both are written in their first state.</param>
    /// <param name="output">Takes the site's 2 or 5 bytes.</param>
    public static PatchReason Compute(in JumpLabelSite site, Target target, bool initial, Span<byte> output)
    {
        if (target.IsKeyEnabled(site.Key, initial) == site.Branch)
        {
            Nops.Of(site.Site.Length).CopyTo(output);
            return PatchReason.BranchNotTaken;
        }

        if (site.Site.Length == Branch.Length)
        {
            Branch.Write(output, Branch.Jump, site.Site.Address, site.Target);
            return PatchReason.BranchTaken;
        }

        long distance = (long)(site.Target - site.Site.End);
        if (distance is < sbyte.MinValue or > sbyte.MaxValue)
            throw new MalformedImageException(
                $"jump label 0x{site.Site.Record:x}", $"its target 0x{site.Target:x} is out of a two-byte jump's reach");
        output[0] = Branch.ShortJump;
        output[1] = (byte)distance;
        return PatchReason.BranchTaken;
    }
}
