namespace PvPatch.Platforms;

/// <summary>Something a profile's source could not tell.</summary>
/// <param name="What">A feature name, <c>static keys</c> …</param>
/// <param name="Why">Why not, and what was assumed.</param>
public sealed record UnknownFact(string What, string Why);
