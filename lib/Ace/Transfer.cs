using Iced.Intel;

namespace PvPatch.Ace;

/// <summary>What an instruction does to the general-purpose registers and to what the flags compare.</summary>
internal static class Transfer
{
    /// <summary>Applies an instruction.</summary>
    /// <param name="instruction">The instruction.</param>
    /// <param name="info">Iced's knowledge of it.</param>
    /// <param name="state">What is known before it; after it, on return.</param>
    /// <param name="firstId">The first of sixteen ids for the values it makes.</param>
    public static void Apply(in Instruction instruction, in InstructionInfo info, MachineState state, int firstId)
    {
        FlagsState flags = Compare(instruction, state);
        if (!Known(instruction, state, firstId))
        {
            foreach (UsedRegister used in info.GetUsedRegisters())
            {
                int number = MachineState.NumberOf(used.Register);
                if (number >= 0 && Writes(used.Access)) state.Define(number, Unknown(used.Register, state), firstId + number);
            }
        }

        if (instruction.RflagsModified != RflagsBits.None) state.Flags = flags;
    }

    /// <summary>Whether an access may write.</summary>
    public static bool Writes(OpAccess access) =>
        access is OpAccess.Write or OpAccess.CondWrite or OpAccess.ReadWrite or OpAccess.ReadCondWrite;

    private static FlagsState Compare(in Instruction instruction, MachineState state)
    {
        if (instruction.Mnemonic == Mnemonic.Test && instruction.Op0Kind == OpKind.Register && instruction.Op1Kind == OpKind.Register
            && instruction.Op0Register == instruction.Op1Register)
        {
            (Interval value, int id, int size) = Operand(instruction, 0, state);
            return new FlagsState(size, id, value, 0, Interval.Of(0));
        }

        if (instruction.Mnemonic != Mnemonic.Cmp) return default;
        (Interval left, int leftId, int leftSize) = Operand(instruction, 0, state);
        (Interval right, int rightId, _) = Operand(instruction, 1, state);
        if (right.Hi > Interval.Mask(leftSize)) right = new Interval(right.Lo & Interval.Mask(leftSize), right.Hi & Interval.Mask(leftSize));
        return right.Lo > right.Hi ? default : new FlagsState(leftSize, leftId, left, rightId, right);
    }

    private static bool Known(in Instruction instruction, MachineState state, int firstId)
    {
        if (instruction.Mnemonic == Mnemonic.Xchg) return Exchange(instruction, state);
        if (instruction.OpCount == 0 || instruction.Op0Kind != OpKind.Register) return false;
        int number = MachineState.NumberOf(instruction.Op0Register), size = instruction.Op0Register.GetSize();
        if (number < 0 || size < 4 || Result(instruction, state, size) is not { } result) return false;
        bool moved = instruction.Mnemonic == Mnemonic.Mov && instruction.Op1Kind == OpKind.Register;
        if (moved && MachineState.NumberOf(instruction.Op1Register) is var source and >= 0
            && (size == 8 || state.Registers[source].Whole.Hi <= uint.MaxValue))
        {
            state.Registers[number] = state.Registers[source]; // the same value under another name
            return true;
        }

        state.Define(number, result, firstId + number);
        return true;
    }

    // The result's range at the operand's size; 32-bit writes clear the upper half, so it is the register's, too.
    private static Interval? Result(in Instruction instruction, MachineState state, int size)
    {
        Interval a = Operand(instruction, 0, state).Value;
        (Interval b, _, int sizeB) = instruction.OpCount > 1 ? Operand(instruction, 1, state) : default;
        bool same = instruction.OpCount == 2 && instruction.Op1Kind == OpKind.Register && instruction.Op0Register == instruction.Op1Register;
        switch (instruction.Mnemonic)
        {
            case Mnemonic.Mov:
            case Mnemonic.Movzx:
                return b;
            case Mnemonic.Movsx:
            case Mnemonic.Movsxd:
                return b.Hi <= Interval.Mask(sizeB) >> 1 ? b : Interval.Full(size);
            case Mnemonic.Lea:
                return EffectiveAddress(instruction, state, size);
            case Mnemonic.Add:
                return a.Add(b, size);
            case Mnemonic.Sub:
                return same ? Interval.Of(0) : a.Subtract(b, size);
            case Mnemonic.Inc:
                return a.Add(Interval.Of(1), size);
            case Mnemonic.Dec:
                return a.Subtract(Interval.Of(1), size);
            case Mnemonic.And:
                return a.And(b);
            case Mnemonic.Or:
                return a.Or(b);
            case Mnemonic.Xor:
                return same ? Interval.Of(0) : a.Xor(b);
            case Mnemonic.Shl or Mnemonic.Sal or Mnemonic.Shr when b.IsConstant:
                int count = (int)b.Lo & ((size * 8) - 1);
                return instruction.Mnemonic == Mnemonic.Shr ? a.ShiftRight(count) : a.ShiftLeft(count, size);
            case Mnemonic.Imul when instruction.OpCount == 2:
                return a.Multiply(b, size);
            case Mnemonic.Imul when instruction.OpCount == 3:
                return b.Multiply(Operand(instruction, 2, state).Value, size);
            default:
                bool moves = instruction is { FlowControl: FlowControl.Next, OpCount: 2 } && instruction.ConditionCode != ConditionCode.None;
                return moves ? a.Join(b) : null; // cmovcc
        }
    }

    private static bool Exchange(in Instruction instruction, MachineState state)
    {
        if (instruction.Op0Kind != OpKind.Register || instruction.Op1Kind != OpKind.Register) return false;
        int a = MachineState.NumberOf(instruction.Op0Register), b = MachineState.NumberOf(instruction.Op1Register);
        if (a < 0 || b < 0 || instruction.Op0Register.GetSize() != 8) return false;
        (state.Registers[a], state.Registers[b]) = (state.Registers[b], state.Registers[a]);
        return true;
    }

    private static Interval EffectiveAddress(in Instruction instruction, MachineState state, int size)
    {
        if (instruction.IsIPRelativeMemoryOperand) return Truncate(Interval.Of(instruction.IPRelativeMemoryAddress), size);
        int width = instruction.MemoryBase.GetSize() == 4 || instruction.MemoryIndex.GetSize() == 4 ? 4 : 8;
        Interval sum = Interval.Of(instruction.MemoryDisplacement64 & Interval.Mask(width));
        if (instruction.MemoryIndex != Register.None)
            sum = sum.Add(state.Read(instruction.MemoryIndex).Multiply(Interval.Of((ulong)instruction.MemoryIndexScale), width), width);
        if (instruction.MemoryBase != Register.None) sum = sum.Add(state.Read(instruction.MemoryBase), width);
        return Truncate(sum, size);
    }

    private static Interval Truncate(Interval value, int size)
    {
        if (value.Hi <= Interval.Mask(size)) return value;
        return value.IsConstant ? Interval.Of(value.Lo & Interval.Mask(size)) : Interval.Full(size);
    }

    private static (Interval Value, int Id, int Size) Operand(in Instruction instruction, int index, MachineState state)
    {
        switch (instruction.GetOpKind(index))
        {
            case OpKind.Register:
                Register register = instruction.GetOpRegister(index);
                int number = MachineState.NumberOf(register), size = register.GetSize();
                if (number < 0) return (Interval.Full(8), 0, 8);
                return (state.Read(register), size >= 4 ? state.Registers[number].Id : 0, size);
            case OpKind.Memory:
                int bytes = instruction.MemorySize.GetSize();
                return (Interval.Full(bytes is > 0 and < 8 ? bytes : 8), 0, bytes is > 0 and < 8 ? bytes : 8);
            case < OpKind.Immediate8 or > OpKind.Immediate32to64:
                return (Interval.Full(8), 0, 8);
            default:
                ulong value = instruction.GetImmediate(index);
                int width = instruction.Op0Kind == OpKind.Register ? instruction.Op0Register.GetSize() : instruction.MemorySize.GetSize();
                return (Interval.Of(value & Interval.Mask(width)), 0, width);
        }
    }

    // A write of one or two bytes keeps the bytes above.
    private static Interval Unknown(Register register, MachineState state)
    {
        Interval old = state.Registers[MachineState.NumberOf(register)].Whole;
        return register.GetSize() switch
        {
            1 or 2 => new Interval(old.Lo & ~0xfffful, old.Hi | 0xffff),
            4 => Interval.Full(4),
            _ => Interval.Full(8),
        };
    }
}
