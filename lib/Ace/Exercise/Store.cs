namespace PvPatch.Ace.Exercise;

/// <summary>One store that an instruction made.</summary>
/// <param name="Address">Where.</param>
/// <param name="Size">Bytes, at most eight.</param>
/// <param name="Value">What, in its low bytes.</param>
internal readonly record struct Store(ulong Address, int Size, ulong Value);
