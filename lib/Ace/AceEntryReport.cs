namespace PvPatch.Ace;

/// <summary>What was found of one entry.</summary>
/// <param name="Entry">The entry.</param>
/// <param name="Boundaries">The addresses of its instructions, ascending: everywhere an interrupt can come.</param>
/// <param name="WorstCase">The longest path in instructions, a lock's spins once; null where nothing bounds it.</param>
public sealed record AceEntryReport(AceEntry Entry, IReadOnlyList<ulong> Boundaries, long? WorstCase);
