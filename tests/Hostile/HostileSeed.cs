namespace PvPatch.Tests.Hostile;

/// <summary>The seed of every mutation: fixed, so that a failure comes again; PVPATCH_SEED chooses another.</summary>
internal static class HostileSeed
{
    /// <summary>The seed of this run.</summary>
    public static int Value { get; } =
        int.TryParse(Environment.GetEnvironmentVariable("PVPATCH_SEED"), out int seed) ? seed : 20260101;

    /// <summary>The random numbers of one case; cases do not depend on each other, so that one can be run alone.</summary>
    public static Random For(int number) => new(unchecked((Value * 397) ^ (number * 7919)));
}
