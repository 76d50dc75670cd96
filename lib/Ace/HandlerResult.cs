using PvPatch.Checking;

namespace PvPatch.Ace;

/// <summary>What the interrupt entries of an image were found to do.</summary>
/// <param name="Count">How many were followed.</param>
/// <param name="Findings">What is wrong with them.</param>
internal sealed record HandlerResult(int Count, IReadOnlyList<Finding> Findings);
