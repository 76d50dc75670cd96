using PvPatch.Kernel;
using PvPatch.Platforms;
using PvPatch.Sites;
using PvPatch.X86;

namespace PvPatch.Patching;

/// <summary>__static_call_transform, 6.1, as static_call_init and later updates call it.</summary>
public static class StaticCallPass
{
    private static ReadOnlySpan<byte> ClearResult => [0x2e, 0x2e, 0x2e, 0x31, 0xc0]; // cs cs cs xor %eax,%eax

    /// <summary>Computes a site's new bytes.</summary>
    /// <param name="site">The call, or a trampoline.</param>
    /// <param name="target">Holds the functions.</param>
    /// <param name="initial">Outside of core text: init text is gone after boot, exit text no kernel_text_address; both are written in their first state.</param>
    /// <param name="text">What stands there.</param>
    /// <param name="output">Takes the site's 5 or 6 bytes.</param>
    public static PatchReason Compute(
        in StaticCallSite site, Target target, bool initial, ReadOnlySpan<byte> text, Span<byte> output)
    {
        ulong function = target.StaticCallFunction(site.Key, initial);
        ulong first = target.StaticCallFunction(site.Key, initial: true);
        ulong address = site.Site.Address;

        // The link emits a trampoline in its first state; only an update rewrites it.
        if (site.Trampoline && function == first) return PatchReason.None;

        // static_call_init and preempt_dynamic_init run before the mitigations are chosen: no return thunk then.
        bool early = !target.IsLateStaticCall(site.Key);
        if (site.Site.Length == 6)
        {
            PatchReason reason = function == 0 ? PatchReason.StaticCallEmpty : PatchReason.StaticCallTarget;
            if (function == 0) function = ReturnFunction(target, early);
            output[0] = text[0];
            Branch.Write(output[1..], text[1], address + 1, function);
            return reason;
        }

        if (site.Tail)
        {
            if (function != 0)
            {
                Branch.Write(output, Branch.Jump, address, function);
                return PatchReason.StaticCallTarget;
            }

            if (early) ReturnPass.WritePlain(output);
            else ReturnPass.Write(address, target, output);
            return PatchReason.StaticCallEmpty;
        }

        if (function == 0)
        {
            Nops.Of(Branch.Length).CopyTo(output);
            return PatchReason.StaticCallEmpty;
        }

        if (function == target.Places.StaticCallReturnZero)
        {
            ClearResult.CopyTo(output);
            return PatchReason.StaticCallZero;
        }

        Branch.Write(output, Branch.Call, address, function);
        return PatchReason.StaticCallTarget;
    }

    private static ulong ReturnFunction(Target target, bool early) => target.Rethunk && !early
        ? KernelPlaces.Require(target.Places.DefaultReturnThunk, "__x86_return_thunk", "static-call")
        : KernelPlaces.Require(target.Places.StaticCallReturn, "__static_call_return", "static-call");
}
