using PvPatch.Checking;

namespace PvPatch.Ace;

/// <summary>What <c>verify-ace</c> found.</summary>
/// <param name="Area">The area.</param>
/// <param name="Entries">Its routines, ascending by address.</param>
/// <param name="Callers">How many transfers into the area the image has.</param>
/// <param name="Handlers">How many interrupt entries were followed.</param>
/// <param name="Findings">What is wrong, ascending by address.</param>
public sealed record AceReport(
    AceArea Area, IReadOnlyList<AceEntryReport> Entries, int Callers, int Handlers, IReadOnlyList<Finding> Findings);
