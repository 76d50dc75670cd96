using Iced.Intel;

namespace PvPatch.Ace;

/// <summary>What an instruction of an interrupt entry does to the path it is on.</summary>
internal sealed class HandlerStep
{
    private const int Rsp = 4;
    private const ulong InterruptFlag = 0x200, Kept = 0xcd5; // CF PF AF ZF SF DF OF
    private readonly InstructionInfoFactory factory = new();
    private int fresh = HandlerValue.Fresh;

    /// <summary>Runs an instruction that goes on behind itself.</summary>
    /// <returns>False where it does what cannot be undone.</returns>
    public bool Run(in Instruction instruction, HandlerState state)
    {
        if (instruction.Mnemonic is Mnemonic.Sti or Mnemonic.Hlt or Mnemonic.In or Mnemonic.Out or Mnemonic.Wrmsr or Mnemonic.Xsetbv) return false;
        InstructionInfo info = factory.GetInfo(instruction);
        if (!Known(instruction, state, out bool known)) return false;
        if (!known)
        {
            foreach (UsedMemory memory in info.GetUsedMemory())
                if (Transfer.Writes(memory.Access) && !Spoil(instruction, memory, state)) return false;
            foreach (UsedRegister used in info.GetUsedRegisters())
                if (Transfer.Writes(used.Access) && MachineState.NumberOf(used.Register) is var number and >= 0)
                    state.Registers[number] = Unknown();
        }

        if (instruction.Mnemonic is Mnemonic.Popfq) return true;
        if (instruction.RflagsModified == RflagsBits.None) return true;
        state.Flags = HandlerFlags.Changed;
        state.Compared = Comparison(instruction, state);
        state.HasTested |= state.Compared is { } c && (c.Left.Base == HandlerValue.Frame || c.Right.Base == HandlerValue.Frame);
        return true;
    }

    /// <summary>Where an indirect jump or a return goes.</summary>
    public HandlerValue Target(in Instruction instruction, HandlerState state)
    {
        if (instruction.FlowControl == FlowControl.Return)
        {
            HandlerValue target = state.Load(state.Registers[Rsp], ref fresh);
            if (instruction.Mnemonic == Mnemonic.Iretq) Restore(state.Load(state.Registers[Rsp].Plus(16), ref fresh), state);
            else state.Registers[Rsp] = state.Registers[Rsp].Plus(8 + (instruction.OpCount > 0 ? instruction.GetImmediate(0) : 0));
            return target;
        }

        return Read(instruction, 0, state);
    }

    /// <summary>Pushes a call's return address.</summary>
    public void Push(HandlerValue value, HandlerState state)
    {
        state.Registers[Rsp] = state.Registers[Rsp].Minus(8);
        state.Store(state.Registers[Rsp], value, ref fresh);
    }

    /// <summary>What the frame's RIP is now.</summary>
    public HandlerValue FrameRip(HandlerState state, ulong pushed) => state.Load(HandlerValue.Initial(Rsp).Plus(pushed), ref fresh);

    private HandlerValue Unknown() => new(fresh++, 0);

    // Returns false where a write cannot be undone; known says whether the instruction was modelled.
    private bool Known(in Instruction instruction, HandlerState state, out bool known)
    {
        known = true;
        bool wide = instruction.OpCount > 0 && instruction.Op0Kind == OpKind.Register && instruction.Op0Register.IsGPR64();
        int to = wide ? MachineState.NumberOf(instruction.Op0Register) : -1;
        switch (instruction.Mnemonic)
        {
            case Mnemonic.Push:
                Push(Read(instruction, 0, state), state);
                return true;
            case Mnemonic.Pop when wide:
                state.Registers[to] = Pop(state);
                return true;
            case Mnemonic.Pushfq:
                Push(state.Flags == HandlerFlags.Kept ? new HandlerValue(HandlerValue.FlagsAtEntry, 0) : Unknown(), state);
                return true;
            case Mnemonic.Popfq:
                Restore(Pop(state), state);
                return true;
            case Mnemonic.Swapgs:
                state.Gs = state.Gs == HandlerValue.Gs ? HandlerValue.OtherGs : HandlerValue.Gs;
                return true;
            case Mnemonic.Lea when wide:
                state.Registers[to] = AddressOf(instruction, state) ?? Unknown();
                return true;
            case Mnemonic.Mov when wide:
                state.Registers[to] = Read(instruction, 1, state);
                return true;
            case Mnemonic.Mov when instruction.Op0Kind == OpKind.Memory && instruction.MemorySize.GetSize() == 8 && instruction.Op1Kind != OpKind.Memory:
                return Write(instruction, Read(instruction, 1, state), state);
            case Mnemonic.Xchg when wide && instruction.Op1Kind == OpKind.Register:
                int other = MachineState.NumberOf(instruction.Op1Register);
                (state.Registers[to], state.Registers[other]) = (state.Registers[other], state.Registers[to]);
                return true;
            case Mnemonic.Xchg when instruction.Op0Kind == OpKind.Memory && instruction.Op1Register.IsGPR64():
                HandlerValue old = Read(instruction, 0, state);
                int with = MachineState.NumberOf(instruction.Op1Register);
                bool undone = Write(instruction, state.Registers[with], state);
                state.Registers[with] = old;
                return undone;
            case Mnemonic.Add or Mnemonic.Sub when wide && Read(instruction, 1, state) is { IsConstant: true, Offset: var by }:
                state.Registers[to] = state.Registers[to].Plus(instruction.Mnemonic == Mnemonic.Add ? by : 0 - by);
                return true;
            case Mnemonic.And or Mnemonic.Btr when instruction.Op1Kind is >= OpKind.Immediate8 and <= OpKind.Immediate32to64:
                known = Mask(instruction, state);
                return true;
            case Mnemonic.Cmp or Mnemonic.Test or Mnemonic.Bt or Mnemonic.Nop or Mnemonic.Endbr64:
                return true;
            default:
                known = false;
                return true;
        }
    }

    // Interrupted flags with the interrupt flag masked off, in a register or on the stack.
    private bool Mask(in Instruction instruction, HandlerState state)
    {
        ulong immediate = instruction.GetImmediate(1);
        if (instruction.Op0Kind == OpKind.Register)
        {
            int number = MachineState.NumberOf(instruction.Op0Register), size = instruction.Op0Register.GetSize();
            if (number < 0 || size < 4) return false;
            ulong keeps = instruction.Mnemonic == Mnemonic.Btr ? ~(1ul << (int)(immediate & 63)) : immediate & Interval.Mask(size);
            state.Registers[number] = Masked(state.Registers[number], keeps);
            return true;
        }

        if (instruction.Op0Kind != OpKind.Memory || AddressOf(instruction, state) is not { } at || state.Around(at, out ulong into) is not { } word) return false;
        ulong mask = Interval.Mask(instruction.MemorySize.GetSize());
        ulong kept = instruction.Mnemonic == Mnemonic.Btr ? ~(1ul << (int)(immediate & 63)) : ~(mask << (8 * (int)into)) | ((immediate & mask) << (8 * (int)into));
        state.Store(word, Masked(state.Load(word, ref fresh), kept), ref fresh);
        return true;
    }

    private HandlerValue Masked(HandlerValue value, ulong keeps) =>
        value.IsConstant ? HandlerValue.Of(value.Offset & keeps)
        : value is { Offset: 0, Base: HandlerValue.Frame + 2 or HandlerValue.FlagsAtEntry or HandlerValue.SafeFlags }
            && (keeps & Kept) == Kept ? (keeps & InterruptFlag) == 0 ? new HandlerValue(HandlerValue.SafeFlags, 0) : value
        : Unknown();

    private static void Restore(HandlerValue value, HandlerState state)
    {
        state.Compared = null;
        state.Flags = value switch
        {
            { Offset: 0, Base: HandlerValue.SafeFlags or HandlerValue.FlagsAtEntry } => HandlerFlags.Kept,
            { Offset: 0, Base: HandlerValue.Frame + 2 } => HandlerFlags.InterruptsOn,
            _ => HandlerFlags.Changed,
        };
    }

    private (HandlerValue Left, HandlerValue Right)? Comparison(in Instruction instruction, HandlerState state)
    {
        if (instruction.Mnemonic != Mnemonic.Cmp) return null;
        int size = instruction.Op0Kind == OpKind.Register ? instruction.Op0Register.GetSize() : instruction.MemorySize.GetSize();
        return size == 8 ? (Read(instruction, 0, state), Read(instruction, 1, state)) : null;
    }

    private HandlerValue Pop(HandlerState state)
    {
        HandlerValue value = state.Load(state.Registers[Rsp], ref fresh);
        state.Registers[Rsp] = state.Registers[Rsp].Plus(8);
        return value;
    }

    private HandlerValue Read(in Instruction instruction, int index, HandlerState state)
    {
        switch (instruction.GetOpKind(index))
        {
            case OpKind.Register when instruction.GetOpRegister(index).IsGPR64():
                return state.Registers[MachineState.NumberOf(instruction.GetOpRegister(index))];
            case OpKind.Memory when instruction.MemorySize.GetSize() == 8:
                return AddressOf(instruction, state) is { } at ? state.Load(at, ref fresh) : Unknown();
            case >= OpKind.Immediate8 and <= OpKind.Immediate32to64:
                return HandlerValue.Of(instruction.GetImmediate(index));
            default:
                return Unknown();
        }
    }

    private bool Write(in Instruction instruction, HandlerValue value, HandlerState state)
    {
        if (AddressOf(instruction, state) is not { } at || !IsOwn(at, state)) return false;
        state.Store(at, value, ref fresh);
        return true;
    }

    // A write that is not modelled: harmless on the stack, where it makes unknown what it hits.
    private bool Spoil(in Instruction instruction, in UsedMemory memory, HandlerState state)
    {
        if (instruction.Op0Kind != OpKind.Memory || memory.MemorySize.GetSize() is 0 or > 8 || instruction.IsStringInstruction) return false;
        if (AddressOf(instruction, state) is not { } at || !IsOwn(at, state)) return false;
        if (at.Base != state.Registers[Rsp].Base && at.Base != Rsp + 1 && instruction.Mnemonic != Mnemonic.Mov) return false;
        state.Store(at, Unknown(), ref fresh);
        return true;
    }

    // The stack, and the CPU's own scratch words behind gs.
    private static bool IsOwn(HandlerValue at, HandlerState state) =>
        at.Base == Rsp + 1 || (at.Base == state.Registers[Rsp].Base && at.Base != 0) || at.Base is HandlerValue.Gs or HandlerValue.OtherGs;

    private static HandlerValue? AddressOf(in Instruction instruction, HandlerState state)
    {
        HandlerValue sum = HandlerValue.Of(instruction.MemoryDisplacement64);
        if (instruction.IsIPRelativeMemoryOperand) sum = HandlerValue.Of(instruction.IPRelativeMemoryAddress);
        else if (instruction.MemoryBase != Register.None)
        {
            if (!instruction.MemoryBase.IsGPR64()) return null;
            sum = state.Registers[MachineState.NumberOf(instruction.MemoryBase)].Plus(sum.Offset);
        }

        if (instruction.MemoryIndex != Register.None)
        {
            HandlerValue index = instruction.MemoryIndex.IsGPR64() ? state.Registers[MachineState.NumberOf(instruction.MemoryIndex)] : new HandlerValue(-1, 0);
            if (!index.IsConstant) return null;
            sum = sum.Plus(index.Offset * (ulong)instruction.MemoryIndexScale);
        }

        if (instruction.SegmentPrefix is Register.GS or Register.FS)
            return sum.IsConstant ? new HandlerValue(instruction.SegmentPrefix == Register.GS ? state.Gs : HandlerValue.Fs, sum.Offset) : null;
        return sum;
    }
}
