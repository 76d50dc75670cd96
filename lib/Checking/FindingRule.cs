namespace PvPatch.Checking;

/// <summary>One thing that a check can find.</summary>
/// <param name="Id">Stable: <c>PV1001</c>.</param>
/// <param name="Severity">How bad it is.</param>
/// <param name="Title">What it is, in a few words.</param>
/// <param name="Why">Why it matters, in one sentence.</param>
public sealed record FindingRule(string Id, Severity Severity, string Title, string Why);
