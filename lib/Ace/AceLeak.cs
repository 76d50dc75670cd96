namespace PvPatch.Ace;

/// <summary>One way out of the code that was proved.</summary>
/// <param name="Kind">How.</param>
/// <param name="From">The instruction that control comes from.</param>
/// <param name="To">Where it goes.</param>
public readonly record struct AceLeak(AceLeakKind Kind, ulong From, ulong To);
