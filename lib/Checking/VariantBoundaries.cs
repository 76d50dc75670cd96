using Iced.Intel;
using PvPatch.Kernel;
using PvPatch.Sites;

namespace PvPatch.Checking;

/// <summary>The instruction boundaries that places have in any of the alternatives over them.</summary>
internal static class VariantBoundaries
{
    /// <summary>Puts every replacement at its site: where do its instructions begin?</summary>
    /// <remarks>All of them at once, for any number of alternatives may lie over one place, and any number of entries ask for it.</remarks>
    public static HashSet<ulong> Find(KernelImage image, SiteTable sites)
    {
        var boundaries = new HashSet<ulong>();
        foreach (AlternativeSite site in sites.Alternatives)
        {
            ulong start = site.Site.Address, end = start + (ulong)site.ReplacementLength;
            for (ulong at = end; at < site.Site.End; at++) boundaries.Add(at); // single-byte NOPs until they are optimised
            if (site.ReplacementLength == 0) continue;
            byte[] code = image.Memory.Slice(site.Replacement, (ulong)site.ReplacementLength, "replacement").ToArray();
            var decoder = Decoder.Create(64, new ByteArrayCodeReader(code));
            decoder.IP = start;
            boundaries.Add(start);
            while (decoder.IP < end && !decoder.Decode().IsInvalid) boundaries.Add(decoder.IP);
        }

        return boundaries;
    }
}
