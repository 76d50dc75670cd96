namespace PvPatch.Tests.Hostile;

/// <summary>Tests that want the process to themselves: standard error is one, and what is timed must not wait for others.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneCollection
{
    public const string Name = "alone";
}
