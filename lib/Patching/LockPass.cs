using PvPatch.Platforms;
using PvPatch.Sites;

namespace PvPatch.Patching;

/// <summary>alternatives_smp_unlock: on one CPU a lock prefix within _text.._etext becomes a DS prefix.</summary>
public static class LockPass
{
    private const byte LockPrefix = 0xf0, DataSegmentPrefix = 0x3e;

    /// <summary>Computes a site's new byte.</summary>
    public static PatchReason Compute(in Site site, Target target, ReadOnlySpan<byte> text, Span<byte> output)
    {
        if (!target.Uniprocessor || !target.Places.IsCoreText(site.Address) || text[0] != LockPrefix) return PatchReason.None;
        output[0] = DataSegmentPrefix;
        return PatchReason.LockDropped;
    }
}
