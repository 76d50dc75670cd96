using System.Buffers.Binary;
using PvPatch.Platforms;
using PvPatch.Sites;
using PvPatch.X86;

namespace PvPatch.Patching;

/// <summary>apply_alternatives, 5.13 to 6.2: the replacement where its test holds, calls and jumps moved, NOPs optimised.</summary>
public static class AlternativePass
{
    /// <summary>Computes a site's new bytes from those that stand there and the replacement as earlier passes left it.</summary>
    public static PatchReason Compute(
        in AlternativeSite site, Target target, ReadOnlySpan<byte> text, ReadOnlySpan<byte> replacement, Span<byte> output)
    {
        output = output[..site.Site.Length];
        if (!target.Selects(site.Feature))
        {
            text.CopyTo(output);
            return NopOptimizer.Optimize(output) ? PatchReason.PaddingOptimised : PatchReason.None; // 6.1: even where nothing was replaced
        }

        Replace(site, replacement, output);
        NopOptimizer.Optimize(output);
        return PatchReason.Replacement;
    }

    /// <summary>Copies a replacement to the site's place, before NOPs are optimised.</summary>
    internal static void Replace(in AlternativeSite site, ReadOnlySpan<byte> replacement, Span<byte> output)
    {
        replacement.CopyTo(output);
        output[replacement.Length..].Fill(0x90);
        if (replacement.Length != Branch.Length) return;
        if (replacement[0] == Branch.Call)
            Branch.Write(output, Branch.Call, site.Site.Address, Branch.Target(replacement, site.Replacement));
        else if (replacement[0] is Branch.Jump or Branch.ShortJump)
            MoveJump(site, replacement, output);
    }

    // recompute_jump, 6.1: two bytes forwards where they reach; backwards always five, by the kernel's own arithmetic.
    // It takes any five-byte replacement that begins with eb or e9 for one jump with a 32-bit distance.
    private static void MoveJump(in AlternativeSite site, ReadOnlySpan<byte> replacement, Span<byte> output)
    {
        int distance = (int)(Branch.Target(replacement, site.Replacement) - site.Site.Address);
        if (distance >= 0 && distance - 2 <= sbyte.MaxValue)
        {
            output[0] = Branch.ShortJump;
            output[1] = (byte)(distance - 2);
            Nops.Fill(output.Slice(2, 3));
            return;
        }

        output[0] = Branch.Jump;
        BinaryPrimitives.WriteInt32LittleEndian(output[1..], distance - Branch.Length);
    }
}
