namespace PvPatch.Ace.Exercise;

/// <summary>The search has cost what it may; what was found stands.</summary>
internal sealed class BoundReachedException(string bound) : Exception(bound);
