namespace PvPatch.Ace.Exercise;

/// <summary>What was tried, and the first thing that went wrong.</summary>
/// <param name="Entries">A line for each entry of the area, in its order.</param>
/// <param name="SetupStates">States of the data in which the entries were run.</param>
/// <param name="Instructions">Instructions that were emulated; every other step was known already.</param>
/// <param name="Elapsed">How long it took.</param>
/// <param name="Bound">The bound that ended the search early, as a clause; null when everything was tried.</param>
/// <param name="Failure">The shortest failing schedule, or null.</param>
public sealed record ExerciseResult(
    IReadOnlyList<EntryExercise> Entries,
    int SetupStates,
    long Instructions,
    TimeSpan Elapsed,
    string? Bound,
    ExerciseFailure? Failure)
{
    /// <summary>Instruction boundaries of all entries.</summary>
    public long Boundaries => Entries.Sum(e => e.Boundaries);

    /// <summary>Interrupts taken at them, single and nested, over all arguments, states and handlers.</summary>
    public long Interruptions => Entries.Sum(e => e.Interruptions);

    /// <summary>Schedules of two processors.</summary>
    public long Interleavings => Entries.Sum(e => e.Interleavings);
}
