namespace PvPatch.Ace.Exercise;

/// <summary>How often one entry was interrupted and interleaved.</summary>
/// <param name="Entry">Which.</param>
/// <param name="Boundaries">Instruction boundaries on all different paths that its runs took, a path counted once.</param>
/// <param name="Interruptions">Interrupts taken at them, single and nested, over all arguments, states and handlers.</param>
/// <param name="Interleavings">Schedules of two processors in which this entry was the first to run.</param>
public sealed record EntryExercise(AceEntry Entry, long Boundaries, long Interruptions, long Interleavings);
