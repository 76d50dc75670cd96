using Iced.Intel;

namespace PvPatch.X86;

/// <summary>Linear decoding of text, restarted at every symbol so that data between functions derails nothing.</summary>
public static class TextScan
{
    /// <summary>Flag of a byte: an instruction begins here.</summary>
    public const byte Boundary = 1;

    /// <summary>Flag of a byte, set by the caller: branches to it and from it are of interest.</summary>
    public const byte Watched = 2;

    /// <summary>Decodes a range of text.</summary>
    /// <param name="code">The section's bytes.</param>
    /// <param name="flags">One byte of flags for each; boundaries are added.</param>
    /// <param name="address">The section's address.</param>
    /// <param name="starts">Ascending offsets at which decoding begins anew; the last one is the end.</param>
    /// <param name="branches">Receives the direct branches that start or land in a watched byte of the section.</param>
    public static void Decode(
        byte[] code, byte[] flags, ulong address, ReadOnlySpan<int> starts, List<DirectBranch> branches)
    {
        for (int i = 0; i + 1 < starts.Length; i++)
        {
            (int start, int end) = (starts[i], starts[i + 1]);
            var reader = new ByteArrayCodeReader(code, start, end - start);
            var decoder = Decoder.Create(64, reader, DecoderOptions.None);
            decoder.IP = address + (ulong)start;
            ulong stop = address + (ulong)end;
            while (decoder.IP < stop)
            {
                decoder.Decode(out Instruction instruction);
                int at = (int)(instruction.IP - address);
                flags[at] |= Boundary;
                if (instruction.Mnemonic == Mnemonic.Ud2 && IsEmulatePrefix(code.AsSpan(at, end - at)))
                {
                    reader.Position += 3;
                    decoder.IP += 3;
                }

                if (instruction.Op0Kind != OpKind.NearBranch64 || instruction.IsInvalid) continue;
                ulong target = instruction.NearBranch64;
                bool lands = target >= address && target - address < (ulong)flags.Length
                    && (flags[target - address] & Watched) != 0;
                if (lands || (flags[at] & Watched) != 0)
                    branches.Add(new DirectBranch(instruction.IP, target, instruction.Mnemonic == Mnemonic.Call));
            }
        }
    }

    // ud2 and three letters ask Xen or KVM to emulate the instruction behind them: XEN_EMULATE_PREFIX, KVM_EMULATE_PREFIX.
    private static bool IsEmulatePrefix(ReadOnlySpan<byte> code) =>
        code.Length >= 5 && (code.Slice(2, 3).SequenceEqual("xen"u8) || code.Slice(2, 3).SequenceEqual("kvm"u8));
}
