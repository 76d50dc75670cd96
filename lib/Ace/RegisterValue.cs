namespace PvPatch.Ace;

/// <summary>What is known of a register: its range, that of its low half, and which value it is.</summary>
/// <param name="Whole">All 64 bits.</param>
/// <param name="Low">The low 32, which a 32-bit compare tells more of.</param>
/// <param name="Id">Equal non-zero ids are equal values; 1–16 are the registers' values at the entry.</param>
public readonly record struct RegisterValue(Interval Whole, Interval Low, int Id)
{
    /// <summary>A value of a range.</summary>
    public static RegisterValue Of(Interval whole, int id) => new RegisterValue(whole, Interval.Full(4), id).Tighten();

    /// <summary>Its range when some of its low bytes are read.</summary>
    public Interval Read(int size) => size switch
    {
        8 => Whole,
        4 => Low,
        _ => Low.Hi <= Interval.Mask(size) ? Low : Interval.Full(size),
    };

    /// <summary>Narrows it by what a compare of some bytes said; null where that cannot be.</summary>
    public RegisterValue? Narrow(Interval by, int size)
    {
        if (size == 8) return Whole.Meet(by) is { } whole ? (this with { Whole = whole }).Check() : null;
        if (size == 4) return Low.Meet(by) is { } low ? (this with { Low = low }).Check() : null;
        return this;
    }

    private RegisterValue? Check() => Tighten() is var value && value.Whole.Lo <= value.Whole.Hi && value.Low.Lo <= value.Low.Hi ? value : null;

    // Each half of the knowledge bounds the other; an empty range is left as one whose ends are crossed.
    private RegisterValue Tighten()
    {
        Interval whole = Whole, low = Low;
        ulong high = whole.Lo & 0xffffffff_00000000;
        if ((whole.Hi & 0xffffffff_00000000) != high) return this;
        low = new Interval(Math.Max(low.Lo, whole.Lo - high), Math.Min(low.Hi, whole.Hi - high));
        return this with { Whole = new Interval(high | low.Lo, high | low.Hi), Low = low };
    }
}
