using Iced.Intel;

namespace PvPatch.Ace;

/// <summary>A register that counts the rounds of a loop.</summary>
/// <param name="Register">Its number.</param>
/// <param name="Size">Bytes of it that count.</param>
/// <param name="Step">What each round adds; negative for counting down, zero for a shift right.</param>
/// <param name="Init">Its range where the loop is entered.</param>
/// <param name="Limit">What it is compared with; zero where the step's own flags are tested.</param>
/// <param name="OwnFlags">Whether the step's own flags are tested.</param>
internal readonly record struct LoopCounter(int Register, int Size, long Step, Interval Init, Interval Limit, bool OwnFlags)
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

    // Counting down must not pass zero unseen.
    private ulong? Down(ConditionCode stays, ulong sign, ulong step)
    {
        bool signed = Init.Hi < sign && Limit.Hi < sign;
        switch (stays)
        {
            case ConditionCode.ne:
                if (step > 1)
                    return Init.IsConstant && Limit.IsConstant && Init.Lo > Limit.Lo && (Init.Lo - Limit.Lo) % step == 0 ? (Init.Lo - Limit.Lo) / step : null;
                return Init.Lo > Limit.Hi && Limit.IsConstant ? Init.Hi - Limit.Lo : null;
            case ConditionCode.a or ConditionCode.ae when OwnFlags:
                return (Init.Hi / step) + 1;
            case ConditionCode.a or ConditionCode.ae:
                return Limit.Lo >= step && Init.Lo >= step ? (Math.Max(Init.Hi, Limit.Lo) - Limit.Lo) / step + 2 : null;
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
        switch (stays)
        {
            case ConditionCode.ne:
                return step == 1 && Init.Hi < Limit.Lo && Limit.IsConstant ? Limit.Hi - Init.Lo : null;
            case ConditionCode.b or ConditionCode.be or ConditionCode.l or ConditionCode.le:
                return Limit.Hi < Init.Lo ? 1 : ((Limit.Hi - Init.Lo) / step) + 2;
            default:
                return null;
        }
    }
}
