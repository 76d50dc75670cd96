namespace PvPatch.Ace;

/// <summary>A value on a path through an interrupt entry: something unknown, plus a constant.</summary>
/// <param name="Base">Which unknown: 0 for none, 1–16 a register at the interruption, then flags, memory, and fresh ones.</param>
/// <param name="Offset">Added to it.</param>
internal readonly record struct HandlerValue(int Base, ulong Offset)
{
    /// <summary>The flags at the entry, and the interrupted ones with interrupts left off.</summary>
    public const int FlagsAtEntry = 17, SafeFlags = 18;

    /// <summary>Where gs and fs point; gs has two, which swapgs exchanges.</summary>
    public const int Gs = 20, OtherGs = 21, Fs = 22;

    /// <summary>What the hardware pushed: RIP, CS, RFLAGS, RSP, SS.</summary>
    public const int Frame = 24;

    /// <summary>The first of those that stand for anything else.</summary>
    public const int Fresh = 32;

    /// <summary>The interrupted RIP.</summary>
    public static HandlerValue Rip { get; } = new(Frame, 0);

    /// <summary>Whether it is a known number.</summary>
    public bool IsConstant => Base == 0;

    /// <summary>A number.</summary>
    public static HandlerValue Of(ulong value) => new(0, value);

    /// <summary>A register as the interruption left it.</summary>
    public static HandlerValue Initial(int number) => new(number + 1, 0);

    /// <summary>Less a number.</summary>
    public HandlerValue Minus(ulong value) => this with { Offset = Offset - value };

    /// <summary>Plus a number.</summary>
    public HandlerValue Plus(ulong value) => this with { Offset = Offset + value };
}
