using Iced.Intel;
using PvPatch.X86;

namespace PvPatch.Patching;

/// <summary>optimize_nops, 5.13 to 6.4: runs of two or more single-byte NOPs become long ones.</summary>
public static class NopOptimizer
{
    /// <summary>Rewrites the runs within a buffer of whole instructions; stops where they no longer decode, as the kernel does.</summary>
    /// <returns>Whether anything changed.</returns>
    public static bool Optimize(Span<byte> code)
    {
        int first = code.IndexOf((byte)0x90);
        if (first < 0 || first == code.Length - 1) return false;
        bool changed = false;
        for (int i = 0; i < code.Length;)
        {
            if (code[i] != 0x90)
            {
                int length = LengthAt(code[i..]);
                if (length == 0) return changed;
                i += length;
                continue;
            }

            int run = code[i..].IndexOfAnyExcept((byte)0x90);
            if (run < 0) run = code.Length - i;
            if (run > 1)
            {
                Nops.Fill(code.Slice(i, run));
                changed = true;
            }

            i += run;
        }

        return changed;
    }

    private static int LengthAt(ReadOnlySpan<byte> code)
    {
        var decoder = Decoder.Create(64, new ByteArrayCodeReader(code[..Math.Min(code.Length, 15)].ToArray()),
            DecoderOptions.NoInvalidCheck | DecoderOptions.MPX); // insn_decode_kernel asks for a length, not for sense
        decoder.Decode(out Instruction instruction);
        return instruction.IsInvalid ? 0 : instruction.Length;
    }
}
