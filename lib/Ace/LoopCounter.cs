using Iced.Intel;

namespace PvPatch.Ace;

/// <summary>A register that counts the rounds of a loop.</summary>
/// <param name="Register">Its number.</param>
/// <param name="Size">Bytes of it that count.</param>
/// <param name="Step">What each round adds; negative for counting down, zero for a shift right.</param>
/// <param name="Init">Its range where the loop is entered.</param>
/// <param name="Limit">What it is compared with; zero where the step's own flags are tested.</param>
/// <param name="OwnFlags">Whether the step's own flags are tested.</param>
/// <param name="StepsFirst">Whether a round steps before it tests.</param>
internal readonly record struct LoopCounter(int Register, int Size, long Step, Interval Init, Interval Limit, bool OwnFlags, bool StepsFirst)
{
    /// <summary>The most rounds worth calling a bound.</summary>
    public const ulong Most = 1 << 20;

    /// <summary>The most rounds while a condition keeps the loop going; null where nothing is proved.</summary>
    public long? Rounds(ConditionCode stays)
    {
        ulong mask = Interval.Mask(Size), sign = (mask >> 1) + 1, step = (ulong)Math.Abs(Step);
        if (Step == 0) return OwnFlags && stays == ConditionCode.ne ? Size * 8 : null;
        if (step > 1 << 30) return null;
        ulong? rounds = Step < 0 ? Down(stays, sign, step) : OwnFlags ? null : Up(stays, mask, sign, step);
        return rounds is { } n && n <= Most ? (long)n : null;
    }

    // How many values are passed until the limit, in rounds: the last one only tests where the test comes first.
    private ulong Until(ulong distance, ulong step) =>
        (distance / step) + (distance % step == 0 ? 0ul : 1) + (StepsFirst ? 0ul : 1);

    // Counting down must not pass zero unseen.
    private ulong? Down(ConditionCode stays, ulong sign, ulong step)
    {
        bool signed = Init.Hi < sign && Limit.Hi < sign;
        switch (stays)
        {
            case ConditionCode.ne:
                if (!Limit.IsConstant || Init.Lo < Limit.Lo || (StepsFirst && Init.Lo == Limit.Lo)) return null;
                if (step > 1 && !(Init.IsConstant && (Init.Lo - Limit.Lo) % step == 0)) return null;
                return Until(Init.Hi - Limit.Lo, step);
            case ConditionCode.a or ConditionCode.ae when OwnFlags:
                return (Init.Hi / step) + 1;
            case ConditionCode.a or ConditionCode.ae: // above the limit is a whole step above zero
                if (Limit.Lo < step || (StepsFirst && Init.Lo < step)) return null;
                return Init.Hi <= Limit.Lo ? 2 : Until(Init.Hi - Limit.Lo, step) + 1;
            case ConditionCode.ns or ConditionCode.g or ConditionCode.ge:
                return signed ? (Init.Hi / step) + 2 : null;
            default:
                return null;
        }
    }

    private ulong? Up(ConditionCode stays, ulong mask, ulong sign, ulong step)
    {
        ulong top = stays is ConditionCode.l or ConditionCode.le ? sign - 1 : mask;
        if (Init.Hi > top - step - 1 || Limit.Hi > top - step - 1) return null;
        ulong end = stays is ConditionCode.be or ConditionCode.le ? Limit.Hi + 1 : Limit.Hi;
        switch (stays)
        {
            case ConditionCode.ne:
                if (!Limit.IsConstant || step != 1 || Init.Hi > Limit.Lo || (StepsFirst && Init.Hi == Limit.Lo)) return null;
                return Until(Limit.Lo - Init.Lo, 1);
            case ConditionCode.b or ConditionCode.be or ConditionCode.l or ConditionCode.le:
                return end <= Init.Lo ? 1 : Until(end - Init.Lo, step);
            default:
                return null;
        }
    }
}
