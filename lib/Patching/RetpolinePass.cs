using PvPatch.Kernel;
using PvPatch.Platforms;
using PvPatch.Sites;
using PvPatch.X86;

namespace PvPatch.Patching;

/// <summary>apply_retpolines, 6.1: where retpolines are off or by lfence, the indirect branch itself.</summary>
public static class RetpolinePass
{
    private const int ThunkSize = 32, ItsThunkSize = 64, StackPointer = 4;

    private static ReadOnlySpan<byte> Lfence => [0x0f, 0xae, 0xe8];

    /// <summary>Computes a site's new bytes from those that stand there.</summary>
    public static PatchReason Compute(in Site site, Target target, ReadOnlySpan<byte> text, Span<byte> output)
    {
        ulong thunks = KernelPlaces.Require(target.Places.IndirectThunks, "__x86_indirect_thunk_array", "retpoline");
        int prefix = text[0] == 0x2e || BranchSlot.IsConditionalJump(text) ? 1 : 0; // cs, or the escape byte of jcc
        if (text.Length != Branch.Length + prefix) return PatchReason.None;
        bool conditional = prefix == 1 && text[0] == 0x0f;
        byte opcode = text[prefix];
        if (!conditional && opcode is not (Branch.Call or Branch.Jump)) return PatchReason.None; // patched already: the kernel warns
        ulong into = Branch.Target(text[prefix..], site.Address + (ulong)prefix) - thunks;
        if (into % ThunkSize != 0 || into / ThunkSize is var register && register is > 15 or StackPointer) return PatchReason.None;
        if (target.Retpoline && !target.RetpolineLfence) return PatchReason.None;

        int at = 0;
        if (conditional)
        {
            output[at++] = (byte)(0x70 | ((opcode & 15) ^ 1)); // the opposite condition, over the branch
            output[at++] = (byte)(text.Length - 2);
            opcode = Branch.Jump;
        }

        PatchReason reason = PatchReason.IndirectBranch;
        if (target.RetpolineLfence)
        {
            Lfence.CopyTo(output[at..]);
            at += 3;
            reason = PatchReason.FencedBranch;
        }

        // cpu_wants_indirect_its_thunk_at, 6.1: is the branch's last byte in the lower half of its cache line?
        if (target.ItsThunks && ((site.Address + (ulong)at + 1 + (register / 8)) & 0x20) == 0)
        {
            ulong thunk = KernelPlaces.Require(target.Places.ItsThunks, "__x86_indirect_its_thunk_array", "retpoline");
            text.CopyTo(output);
            Branch.Write(output[prefix..], text[prefix], site.Address + (ulong)prefix, thunk + (register * ItsThunkSize));
            return PatchReason.ItsThunk;
        }

        if (register >= 8) output[at++] = 0x41;
        output[at++] = 0xff;
        output[at++] = (byte)((opcode == Branch.Call ? 0xd0 : 0xe0) | (int)(register & 7));
        if (opcode == Branch.Jump && at < text.Length) output[at++] = Branch.Int3; // stops straight-line speculation
        if (at > text.Length) return PatchReason.None; // apply_retpolines, 6.1: what does not fit is left alone
        output[at..text.Length].Fill(0x90);
        NopOptimizer.Optimize(output[..text.Length]);
        return reason;
    }
}
