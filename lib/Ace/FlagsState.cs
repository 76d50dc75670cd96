using Iced.Intel;

namespace PvPatch.Ace;

/// <summary>What the flags compare: nothing known when the size is zero.</summary>
/// <param name="Size">Bytes compared.</param>
/// <param name="LeftId">Which value stands left; 0 for none known.</param>
/// <param name="Left">Its range.</param>
/// <param name="RightId">Which value stands right.</param>
/// <param name="Right">Its range.</param>
internal readonly record struct FlagsState(int Size, int LeftId, Interval Left, int RightId, Interval Right)
{
    /// <summary>What both know.</summary>
    public FlagsState Join(in FlagsState other) =>
        (Size, LeftId, RightId) != (other.Size, other.LeftId, other.RightId) ? default
        : this with { Left = Left.Join(other.Left), Right = Right.Join(other.Right) };

    /// <summary>The same flags after a value was replaced by another.</summary>
    public FlagsState Forget(int id) => this with { LeftId = LeftId == id ? 0 : LeftId, RightId = RightId == id ? 0 : RightId };

    /// <summary>The ranges where a condition holds; null where it cannot.</summary>
    public (Interval Left, Interval Right)? Where(ConditionCode condition)
    {
        switch (condition)
        {
            case ConditionCode.e:
                return Left.Meet(Right) is { } both ? (both, both) : null;
            case ConditionCode.ne:
                if (Left.IsConstant && Left == Right) return null;
                return (Without(Left, Right), Without(Right, Left));
            case ConditionCode.b:
                return Below(Left, Right, 1);
            case ConditionCode.be:
                return Below(Left, Right, 0);
            case ConditionCode.a:
                return Below(Right, Left, 1) is { } above ? (above.Right, above.Left) : null;
            case ConditionCode.ae:
                return Below(Right, Left, 0) is { } least ? (least.Right, least.Left) : null;
            default:
                return (Left, Right);
        }
    }

    /// <summary>The opposite of a condition.</summary>
    public static ConditionCode Negate(ConditionCode condition) => condition switch
    {
        ConditionCode.e => ConditionCode.ne,
        ConditionCode.ne => ConditionCode.e,
        ConditionCode.b => ConditionCode.ae,
        ConditionCode.ae => ConditionCode.b,
        ConditionCode.be => ConditionCode.a,
        ConditionCode.a => ConditionCode.be,
        ConditionCode.l => ConditionCode.ge,
        ConditionCode.ge => ConditionCode.l,
        ConditionCode.le => ConditionCode.g,
        ConditionCode.g => ConditionCode.le,
        ConditionCode.s => ConditionCode.ns,
        ConditionCode.ns => ConditionCode.s,
        _ => ConditionCode.None,
    };

    // left + by <= right
    private static (Interval Left, Interval Right)? Below(Interval left, Interval right, ulong by)
    {
        if (right.Hi < by || left.Lo > ulong.MaxValue - by) return null;
        return left.Meet(new Interval(0, right.Hi - by)) is { } less && right.Meet(new Interval(left.Lo + by, ulong.MaxValue)) is { } more
            ? (less, more)
            : null;
    }

    private static Interval Without(Interval range, Interval value)
    {
        if (!value.IsConstant || range.IsConstant) return range;
        if (range.Lo == value.Lo) return new Interval(range.Lo + 1, range.Hi);
        return range.Hi == value.Lo ? new Interval(range.Lo, range.Hi - 1) : range;
    }
}
