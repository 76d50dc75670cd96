namespace PvPatch.Ace;

/// <summary>A routine of the area that callers may jump to.</summary>
/// <param name="Name">Its symbol, or an address in hex where it has none.</param>
/// <param name="Address">Where it begins.</param>
public sealed record AceEntry(string Name, ulong Address);
