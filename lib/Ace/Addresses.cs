using Iced.Intel;

namespace PvPatch.Ace;

/// <summary>The addresses that a memory operand may have.</summary>
internal static class Addresses
{
    /// <summary>The longest string worth calling bounded: a page.</summary>
    public const ulong MostRepeats = 4096;

    /// <summary>The range of its first byte; null where nothing can be said: fs, gs, vectors of addresses.</summary>
    public static Interval? Of(in UsedMemory memory, MachineState state)
    {
        if (memory.Segment is Register.FS or Register.GS || memory.VsibSize != 0) return null;
        int size = memory.AddressSize == CodeSize.Code64 ? 8 : 4;
        Interval sum = Interval.Of(memory.Displacement & Interval.Mask(size));
        if (memory.Index != Register.None)
        {
            if (MachineState.NumberOf(memory.Index) < 0) return null;
            sum = sum.Add(state.Read(memory.Index).Multiply(Interval.Of((ulong)memory.Scale), size), size);
        }

        if (memory.Base == Register.None) return sum;
        return MachineState.NumberOf(memory.Base) < 0 ? null : sum.Add(state.Read(memory.Base), size);
    }

    /// <summary>The first and last byte that an instruction may touch through an operand; null where nothing can be said.</summary>
    public static Interval? Touched(in Instruction instruction, in UsedMemory memory, MachineState state)
    {
        if (Of(memory, state) is not { } first) return null;
        if (IsBitString(instruction)) return null; // bts and its like with the bit's number in a register reach 2^63 bits far
        bool repeats = Repeats(instruction);
        ulong size = (ulong)(repeats ? ElementSize(instruction) : memory.MemorySize.GetSize());
        if (size == 0) return null;
        ulong more = repeats ? (state.Registers[1].Whole.Hi - 1) * size : 0; // the caller's DF decides which way
        if (repeats && state.Registers[1].Whole.Hi is 0 or > MostRepeats) return null;
        return first.Lo < more || first.Hi > ulong.MaxValue - more - size ? null : new Interval(first.Lo - more, first.Hi + more + size - 1);
    }

    /// <summary>Whether an instruction is a string operation with rep.</summary>
    public static bool Repeats(in Instruction instruction) =>
        instruction.IsStringInstruction && (instruction.HasRepPrefix || instruction.HasRepnePrefix);

    /// <summary>Whether bytes lie in the area's data.</summary>
    public static bool InData(Interval bytes, AceArea area) => bytes.Lo >= area.DataStart && bytes.Hi < area.DataEnd;

    /// <summary>The operand as the name of a lock.</summary>
    public static LockKey? KeyOf(in UsedMemory memory, MachineState state)
    {
        if (Of(memory, state) is not { } where) return null;
        return where.IsConstant
            ? LockKey.At(where.Lo)
            : new LockKey(where, Id(memory.Base, state), Id(memory.Index, state), memory.Scale, memory.Displacement);
    }

    private static bool IsBitString(in Instruction instruction) =>
        instruction.Mnemonic is Mnemonic.Bt or Mnemonic.Bts or Mnemonic.Btr or Mnemonic.Btc
        && instruction is { Op0Kind: OpKind.Memory, Op1Kind: OpKind.Register };

    private static int ElementSize(in Instruction instruction) => instruction.Mnemonic switch
    {
        Mnemonic.Movsb or Mnemonic.Stosb or Mnemonic.Lodsb or Mnemonic.Cmpsb or Mnemonic.Scasb or Mnemonic.Insb or Mnemonic.Outsb => 1,
        Mnemonic.Movsw or Mnemonic.Stosw or Mnemonic.Lodsw or Mnemonic.Cmpsw or Mnemonic.Scasw or Mnemonic.Insw or Mnemonic.Outsw => 2,
        Mnemonic.Movsd or Mnemonic.Stosd or Mnemonic.Lodsd or Mnemonic.Cmpsd or Mnemonic.Scasd or Mnemonic.Insd or Mnemonic.Outsd => 4,
        _ => 8,
    };

    private static int Id(Register register, MachineState state)
    {
        if (register == Register.None) return 0;
        int number = MachineState.NumberOf(register);
        return number < 0 || register.GetSize() != 8 || state.Registers[number].Id == 0 ? -1 : state.Registers[number].Id;
    }
}
