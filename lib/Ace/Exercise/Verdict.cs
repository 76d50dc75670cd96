namespace PvPatch.Ace.Exercise;

/// <summary>What is wrong with the end of a schedule, in words.</summary>
internal sealed record Verdict(ExerciseFailureKind Kind, ulong Address, string Message, string Expected, string Found);
