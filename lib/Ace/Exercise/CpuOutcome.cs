namespace PvPatch.Ace.Exercise;

/// <summary>What two calls leave: the data, and the nodes at which each has come back.</summary>
internal readonly record struct CpuOutcome(int Data, int First, int Second);
