using Iced.Intel;

namespace PvPatch.Ace;

/// <summary>What a branch tells of the values compared, and of a lock's attempt.</summary>
internal static class BranchRefiner
{
    /// <summary>Applies that a condition holds.</summary>
    /// <returns>False where it cannot.</returns>
    public static bool Apply(MachineState state, ConditionCode condition)
    {
        if (Outcome(state, condition) is { } taken) state.Locks = state.Locks.Resolve(taken);
        FlagsState flags = state.Flags;
        if (flags.Size == 0) return true;
        if (flags.Where(condition) is not { } where) return false;
        state.Flags = flags with { Left = where.Left, Right = where.Right };
        return state.Narrow(flags.LeftId, where.Left, flags.Size) && state.Narrow(flags.RightId, where.Right, flags.Size);
    }

    private static bool? Outcome(MachineState state, ConditionCode condition)
    {
        if (state.Locks.Attempt is not { } attempt) return null;
        switch (attempt.Kind)
        {
            case LockAttemptKind.CarryIsBusy:
                return condition switch { ConditionCode.b => false, ConditionCode.ae => true, _ => null };
            case LockAttemptKind.ZeroIsTaken:
                return condition switch { ConditionCode.e => true, ConditionCode.ne => false, _ => null };
            default:
                bool tests = state.Flags.Size != 0 && state.Flags.LeftId == attempt.Id && state.Flags.Right == Interval.Of(0);
                if (!tests) return null;
                return condition switch { ConditionCode.e => true, ConditionCode.ne => false, _ => null };
        }
    }
}
