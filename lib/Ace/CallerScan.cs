using System.Buffers.Binary;
using Iced.Intel;

namespace PvPatch.Ace;

/// <summary>Finds every instruction of an image that names the area: linear decoding, restarted at symbols, in parallel.</summary>
internal sealed class CallerScan
{
    private const int ChunkStarts = 1024; // symbols to a chunk: enough for all cores to share, few enough to be cheap
    private readonly AceImage image;
    private readonly AceArea area;

    private CallerScan(AceImage image, AceArea area) => (this.image, this.area) = (image, area);

    /// <summary>Finds them, ascending by address.</summary>
    public static IReadOnlyList<CallerSite> Find(AceImage image, AceArea area) => new CallerScan(image, area).Find();

    private CallerSite[] Find()
    {
        var chunks = new List<(byte[] Code, ulong Address, int[] Starts)>();
        foreach (AddressRange text in image.Text)
        {
            if (!image.TrySlice(text.Start, text.End - text.Start, out ReadOnlySpan<byte> bytes)) continue;
            byte[] code = bytes.ToArray();
            int[] starts = Starts(text);
            for (int from = 0; from + 1 < starts.Length; from += ChunkStarts)
                chunks.Add((code, text.Start, starts[from..Math.Min(from + ChunkStarts + 1, starts.Length)]));
        }

        var found = new List<CallerSite>[chunks.Count];
        Parallel.For(0, chunks.Count, i => found[i] = Scan(chunks[i].Code, chunks[i].Address, chunks[i].Starts));
        return [.. found.SelectMany(f => f).OrderBy(f => f.At)];
    }

    private int[] Starts(AddressRange text)
    {
        ReadOnlySpan<ulong> addresses = image.Elf.Symbols.SortedAddresses;
        var starts = new List<int> { 0 };
        bool pending = area.End > text.Start && area.End < text.End; // decoding begins anew behind the area, named or not
        int at = addresses.BinarySearch(text.Start);
        for (at = at < 0 ? ~at : at; at < addresses.Length && addresses[at] < text.End; at++)
        {
            if (pending && addresses[at] >= area.End) Add(area.End);
            Add(addresses[at]);
        }

        if (pending) Add(area.End);
        starts.Add((int)(text.End - text.Start));
        return [.. starts];

        void Add(ulong address)
        {
            if (address == area.End) pending = false;
            if ((int)(address - text.Start) is var offset && offset > starts[^1]) starts.Add(offset);
        }
    }

    private List<CallerSite> Scan(byte[] code, ulong address, int[] starts)
    {
        var found = new List<CallerSite>();
        for (int i = 0; i + 1 < starts.Length; i++)
        {
            ulong from = address + (ulong)starts[i], to = address + (ulong)starts[i + 1];
            if (from >= area.Start && from < area.End) continue;
            var reader = new ByteArrayCodeReader(code, starts[i], starts[i + 1] - starts[i]);
            var decoder = Decoder.Create(64, reader, DecoderOptions.None);
            decoder.IP = from;
            while (decoder.IP < to)
            {
                decoder.Decode(out Instruction instruction);
                if (instruction.IP >= area.Start && instruction.IP < area.End) break;
                if (instruction.Op0Kind == OpKind.NearBranch64)
                {
                    if (area.Contains(instruction.NearBranch64)) found.Add(new CallerSite(instruction.IP, true));
                }
                else if (instruction.IsIPRelativeMemoryOperand)
                {
                    LookAtMemory(instruction, found);
                }
                else if (instruction.Mnemonic == Mnemonic.Mov && instruction.OpCount == 2 && instruction.Op1Kind >= OpKind.Immediate8
                    && instruction.Op1Kind <= OpKind.Immediate32to64 && area.Contains(instruction.GetImmediate(1)))
                {
                    found.Add(new CallerSite(instruction.IP, false));
                }
            }
        }

        return found;
    }

    private void LookAtMemory(in Instruction instruction, List<CallerSite> found)
    {
        if (instruction.Mnemonic == Mnemonic.Lea && area.Contains(instruction.IPRelativeMemoryAddress))
            found.Add(new CallerSite(instruction.IP, false));
        else if (instruction.FlowControl is FlowControl.IndirectBranch or FlowControl.IndirectCall && Pointer(image, instruction) is { } target && area.Contains(target))
            found.Add(new CallerSite(instruction.IP, true));
    }

    /// <summary>What the image holds where a RIP-relative branch looks for its target.</summary>
    public static ulong? Pointer(AceImage image, in Instruction instruction) =>
        instruction.IsIPRelativeMemoryOperand && image.TrySlice(instruction.IPRelativeMemoryAddress, 8, out ReadOnlySpan<byte> bytes)
            ? BinaryPrimitives.ReadUInt64LittleEndian(bytes)
            : null;
}
