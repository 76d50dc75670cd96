namespace PvPatch.Ace.Exercise;

/// <summary>Why a run cannot go on.</summary>
/// <param name="Kind">What that means for the area.</param>
/// <param name="Address">The instruction.</param>
/// <param name="Reason">A clause whose subject is the instruction.</param>
internal sealed record StepFault(ExerciseFailureKind Kind, ulong Address, string Reason);
