namespace PvPatch.Ace;

/// <summary>One transfer into the area, resolved.</summary>
/// <param name="Index">The instruction's number in its function.</param>
/// <param name="Target">Where it goes.</param>
/// <param name="Routine">The entry it reaches, by itself or by its slot; null where it reaches none.</param>
/// <param name="Return">The number of the instruction it comes back to; negative where that is not proved.</param>
internal readonly record struct CallerTransfer(int Index, ulong Target, AceGraph? Routine, int Return);
