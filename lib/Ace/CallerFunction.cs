using Iced.Intel;
using PvPatch.Elf;

namespace PvPatch.Ace;

/// <summary>A function that calls into the area: its instructions, and which values its registers surely have.</summary>
internal sealed class CallerFunction
{
    private const ulong MostBytes = 1 << 20;
    private readonly Dictionary<ulong, int> index = [];
    private readonly HashSet<ulong> targets = [];
    private readonly InstructionInfoFactory factory = new();

    private CallerFunction(AceImage image, List<Instruction> code)
    {
        Code = code;
        for (int i = 0; i < code.Count; i++)
        {
            index[code[i].IP] = i;
            if (code[i].Op0Kind == OpKind.NearBranch64) targets.Add(code[i].NearBranch64);
            if (image.Elf.Symbols.IsSymbolAt(code[i].IP)) targets.Add(code[i].IP);
        }
    }

    /// <summary>The instructions, in order.</summary>
    public IReadOnlyList<Instruction> Code { get; }

    /// <summary>Where a function begins and ends: its symbol's size, or the symbols on both sides.</summary>
    public static AddressRange Around(AceImage image, ulong address)
    {
        AddressRange text = image.FindText(address) ?? new AddressRange(address, address + 1);
        if (image.Elf.Symbols.TryFindContaining(address, out ElfSymbol symbol) && symbol.Type == ElfSymbol.Function
            && address - symbol.Address < symbol.Size && symbol.Size <= text.End - symbol.Address)
            return new AddressRange(symbol.Address, symbol.Address + symbol.Size);
        ReadOnlySpan<ulong> all = image.Elf.Symbols.SortedAddresses;
        int at = all.BinarySearch(address + 1);
        at = at < 0 ? ~at : at;
        ulong start = at > 0 && all[at - 1] >= text.Start ? all[at - 1] : text.Start;
        return new AddressRange(start, at < all.Length && all[at] < text.End ? all[at] : text.End);
    }

    /// <summary>Decodes a function; null for one too large to look at.</summary>
    public static CallerFunction? Read(AceImage image, AddressRange range)
    {
        if (range.End - range.Start > MostBytes || !image.TrySlice(range.Start, range.End - range.Start, out ReadOnlySpan<byte> bytes)) return null;
        var decoder = Decoder.Create(64, new ByteArrayCodeReader(bytes.ToArray()), DecoderOptions.None);
        decoder.IP = range.Start;
        var code = new List<Instruction>();
        while (decoder.IP < range.End) code.Add(decoder.Decode());
        return new CallerFunction(image, code);
    }

    /// <summary>The instruction at an address; negative where none begins.</summary>
    public int IndexOf(ulong address) => index.GetValueOrDefault(address, -1);

    /// <summary>Iced's knowledge of an instruction.</summary>
    public InstructionInfo InfoOf(int at) => factory.GetInfo(Code[at]);

    /// <summary>The constant that a register surely holds before an instruction: followed back through its basic block.</summary>
    public ulong? ConstantBefore(int at, Register register)
    {
        Register wanted = register.GetFullRegister();
        for (int i = at; i > 0; i--)
        {
            if (targets.Contains(Code[i].IP)) return null; // another path joins here
            Instruction before = Code[i - 1];
            if (before.IsInvalid || before.FlowControl is not (FlowControl.Next or FlowControl.ConditionalBranch)) return null;
            bool writes = false;
            foreach (UsedRegister used in factory.GetInfo(before).GetUsedRegisters())
                writes |= Transfer.Writes(used.Access) && used.Register.IsGPR() && used.Register.GetFullRegister() == wanted;
            if (!writes) continue;
            if (before.OpCount != 2 || before.Op0Kind != OpKind.Register || before.Op0Register.GetSize() < 4) return null;
            ulong mask = Interval.Mask(before.Op0Register.GetSize());
            if (before.Mnemonic == Mnemonic.Lea && before.IsIPRelativeMemoryOperand) return before.IPRelativeMemoryAddress & mask;
            if (before.Mnemonic != Mnemonic.Mov) return null;
            if (before.Op1Kind is >= OpKind.Immediate8 and <= OpKind.Immediate32to64) return before.GetImmediate(1) & mask;
            if (before.Op1Kind != OpKind.Register || before.Op0Register.GetSize() != 8 || !before.Op1Register.IsGPR64()) return null;
            wanted = before.Op1Register;
        }

        return null;
    }
}
