namespace PvPatch.Ace.Exercise;

/// <summary>A schedule that breaks the area, the shortest of its kind.</summary>
/// <param name="Entry">The entry that was interrupted, or ran first.</param>
/// <param name="Kind">In which way.</param>
/// <param name="Address">The instruction, or where the entry begins.</param>
/// <param name="Message">What went wrong, as a sentence.</param>
/// <param name="Schedule">What was run, step by step.</param>
/// <param name="Expected">The state that an uninterrupted order leaves.</param>
/// <param name="Found">The state that this schedule left.</param>
public sealed record ExerciseFailure(
    AceEntry Entry,
    ExerciseFailureKind Kind,
    ulong Address,
    string Message,
    IReadOnlyList<string> Schedule,
    string Expected,
    string Found);
