using PvPatch.Kernel;
using PvPatch.Platforms;
using PvPatch.Sites;
using PvPatch.X86;

namespace PvPatch.Patching;

/// <summary>ftrace_init: every call of __fentry__ becomes a NOP.</summary>
public static class FtracePass
{
    /// <summary>Computes a site's new bytes.</summary>
    public static PatchReason Compute(in Site site, Target target, ReadOnlySpan<byte> text, Span<byte> output)
    {
        ulong fentry = KernelPlaces.Require(target.Places.Fentry, "__fentry__", "ftrace");
        if (text[0] != Branch.Call || Branch.Target(text, site.Address) != fentry) return PatchReason.None;
        Nops.Of(Branch.Length).CopyTo(output);
        return PatchReason.TracingOff;
    }
}
