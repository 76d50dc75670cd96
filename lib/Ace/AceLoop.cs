namespace PvPatch.Ace;

/// <summary>A natural loop: one edge back to a node that dominates its source, and what lies between.</summary>
/// <param name="Header">Where it begins.</param>
/// <param name="Latch">Where the edge back starts.</param>
/// <param name="Body">Its nodes, header and latch among them.</param>
public sealed record AceLoop(int Header, int Latch, IReadOnlySet<int> Body);
