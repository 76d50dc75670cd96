using Iced.Intel;

namespace PvPatch.Ace;

/// <summary>What an instruction's form says it does to a word that may be a lock.</summary>
/// <param name="Kind">What it does.</param>
/// <param name="Attempt">How its outcome is told, for one that takes.</param>
/// <param name="IsAtomic">Whether another processor may come between its read and its write.</param>
internal readonly record struct LockAction(LockActionKind Kind, LockAttemptKind Attempt = default, bool IsAtomic = true)
{
    /// <summary>Recognises the forms: bts, xchg and cmpxchg take; btr and stores of zero release.</summary>
    public static LockAction Of(in Instruction instruction, MachineState state)
    {
        if (instruction.OpCount == 0 || instruction.Op0Kind != OpKind.Memory) return default;
        bool bit = instruction.OpCount == 2 && instruction.Op1Kind == OpKind.Immediate8 && instruction.Immediate8 == 0;
        switch (instruction.Mnemonic)
        {
            case Mnemonic.Bts when bit:
                return new LockAction(LockActionKind.Take, LockAttemptKind.CarryIsBusy, instruction.HasLockPrefix);
            case Mnemonic.Btr when bit:
                return new LockAction(LockActionKind.Clear);
            case Mnemonic.Xchg when state.Read(instruction.Op1Register) is var value:
                if (value.Lo != 0) return new LockAction(LockActionKind.Take, LockAttemptKind.RegisterIsBusy);
                return value == Interval.Of(0) ? new LockAction(LockActionKind.Clear) : new LockAction(LockActionKind.Store);
            case Mnemonic.Cmpxchg:
                bool takes = state.Read(Accumulator(instruction.MemorySize.GetSize())) == Interval.Of(0) && state.Read(instruction.Op1Register).Lo != 0;
                return takes
                    ? new LockAction(LockActionKind.Take, LockAttemptKind.ZeroIsTaken, instruction.HasLockPrefix)
                    : new LockAction(LockActionKind.Store);
            case Mnemonic.Mov when instruction.MemorySize.GetSize() <= 4:
                Interval stored = instruction.Op1Kind == OpKind.Register
                    ? state.Read(instruction.Op1Register)
                    : Interval.Of(instruction.GetImmediate(1) & Interval.Mask(instruction.MemorySize.GetSize()));
                return stored == Interval.Of(0) ? new LockAction(LockActionKind.Clear)
                    : new LockAction(stored.IsConstant ? LockActionKind.Set : LockActionKind.Store);
            default:
                return new LockAction(LockActionKind.Store);
        }
    }

    private static Register Accumulator(int size) => size switch
    {
        1 => Register.AL,
        2 => Register.AX,
        4 => Register.EAX,
        _ => Register.RAX,
    };
}
