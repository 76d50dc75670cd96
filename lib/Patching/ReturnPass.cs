using PvPatch.Platforms;
using PvPatch.Sites;
using PvPatch.X86;

namespace PvPatch.Patching;

/// <summary>apply_returns, 6.1: a return, or a jump to the chosen thunk.</summary>
public static class ReturnPass
{
    /// <summary>ud1 %esp,%ecx: what marks a static call's trampoline, after its five bytes.</summary>
    private static ReadOnlySpan<byte> TrampolineMark => [0x0f, 0xb9, 0xcc];

    /// <summary>Computes a site's new bytes; <paramref name="text"/> reaches three bytes beyond the site where text does.</summary>
    public static PatchReason Compute(in Site site, Target target, ReadOnlySpan<byte> text, Span<byte> output)
    {
        bool toThunk = text[0] == Branch.Jump && Branch.Target(text, site.Address) == target.Places.DefaultReturnThunk;

        // __static_call_fixup, 6.1: a trampoline that returns is made to agree; one that jumps elsewhere is left.
        bool trampoline = text.Length >= 8 && text.Slice(5, 3).SequenceEqual(TrampolineMark);
        if (!toThunk && !(trampoline && text[0] == Branch.Return)) return PatchReason.None;
        return Write(site.Address, target, output);
    }

    /// <summary>Writes the five bytes of a return.</summary>
    internal static PatchReason Write(ulong address, Target target, Span<byte> output)
    {
        if (target.WantsReturnThunkAt(address))
        {
            Branch.Write(output, Branch.Jump, address, target.ReturnThunk);
            return PatchReason.ReturnThunk;
        }

        WritePlain(output);
        return PatchReason.PlainReturn;
    }

    /// <summary>ret and four int3.</summary>
    internal static void WritePlain(Span<byte> output)
    {
        output[..Branch.Length].Fill(Branch.Int3);
        output[0] = Branch.Return;
    }
}
