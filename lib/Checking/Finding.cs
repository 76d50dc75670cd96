namespace PvPatch.Checking;

/// <summary>One finding of a check.</summary>
/// <param name="Rule">What was found.</param>
/// <param name="Address">Where.</param>
/// <param name="Message">What stands there, in a sentence.</param>
public sealed record Finding(FindingRule Rule, ulong Address, string Message);
