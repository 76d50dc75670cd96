using Iced.Intel;

namespace PvPatch.X86;

/// <summary>How long a patchable branch is, told from its bytes, before or after the kernel patched it.</summary>
public static class BranchSlot
{
    /// <summary>Jcc rel32: 0f 80 to 0f 8f.</summary>
    public static bool IsConditionalJump(ReadOnlySpan<byte> code) =>
        code.Length >= 2 && code[0] == 0x0f && (code[1] & 0xf0) == 0x80;

    /// <summary>2 or 5 for a jump label's jump or NOP (arch_jump_entry_size), 0 for anything else.</summary>
    public static int JumpLabelLength(ReadOnlySpan<byte> code)
    {
        if (code.Length >= 2 && (code[0] == 0xeb || code.StartsWith(Nops.Of(2)))) return 2;
        return code.Length >= 5 && (code[0] == 0xe9 || code.StartsWith(Nops.Of(5))) ? 5 : 0;
    }

    /// <summary>5 or 6 for a retpoline slot; what stands there may be rewritten already.</summary>
    public static int RetpolineLength(ReadOnlySpan<byte> code)
    {
        if (code.Length < 6) return 5;
        if (code[0] is 0xe8 or 0xe9) return 5;
        if (IsConditionalJump(code) || (code[0] & 0xf0) == 0x70) return 6; // jcc.d8 over the branch: patch_retpoline, 6.1
        if (code[0] == 0x2e) return 6;

        // Rewritten: an optional lfence, the branch, int3 or NOPs; its end is the first boundary past four bytes.
        var decoder = Decoder.Create(64, new ByteArrayCodeReader(code[..6].ToArray()));
        int length = 0;
        while (length < 5)
        {
            decoder.Decode(out Instruction instruction);
            if (instruction.IsInvalid) return 5;
            length += instruction.Length;
        }

        return length;
    }
}
