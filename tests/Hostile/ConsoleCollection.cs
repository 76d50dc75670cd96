namespace PvPatch.Tests.Hostile;

/// <summary>Tests that run the program within this process: standard error is one, so they go one after another.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class ConsoleCollection
{
    public const string Name = "console";
}
