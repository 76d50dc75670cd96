using Iced.Intel;
using PvPatch.Kernel;
using PvPatch.Sites;

namespace PvPatch.Checking;

/// <summary>The instruction boundaries that a place has in any of the alternatives over it.</summary>
internal static class VariantBoundaries
{
    /// <summary>Whether some replacement, put at its site, has an instruction beginning at the address.</summary>
    public static bool Contains(KernelImage image, SiteTable sites, ulong address)
    {
        foreach (AlternativeSite site in sites.Alternatives)
        {
            ulong into = address - site.Site.Address;
            if (address < site.Site.Address || into >= (ulong)site.Site.Length) continue;
            if (into >= (ulong)site.ReplacementLength) return true; // single-byte NOPs until they are optimised
            byte[] code = image.Memory.Slice(site.Replacement, (ulong)site.ReplacementLength, "replacement").ToArray();
            var decoder = Decoder.Create(64, new ByteArrayCodeReader(code));
            while (decoder.IP < into && !decoder.Decode().IsInvalid) continue;
            if (decoder.IP == into) return true;
        }

        return false;
    }
}
