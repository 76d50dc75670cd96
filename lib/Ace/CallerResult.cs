using PvPatch.Checking;

namespace PvPatch.Ace;

/// <summary>What the callers of an area were found to do.</summary>
/// <param name="Count">Transfers into the area.</param>
/// <param name="Findings">What is wrong with them.</param>
internal sealed record CallerResult(int Count, IReadOnlyList<Finding> Findings);
