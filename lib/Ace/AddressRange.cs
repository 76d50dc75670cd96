namespace PvPatch.Ace;

/// <summary>A half-open range of addresses.</summary>
/// <param name="Start">First address.</param>
/// <param name="End">After the last one.</param>
public readonly record struct AddressRange(ulong Start, ulong End);
