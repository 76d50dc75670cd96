namespace PvPatch.Ace.Exercise;

/// <summary>How hard to try, and what the interrupt entry is like.</summary>
public sealed record ExerciseOptions
{
    /// <summary>The bounds of a normal run.</summary>
    public static ExerciseOptions Default { get; } = new();

    /// <summary>Whether the interrupt entry resumes a routine with other arithmetic flags than it had.</summary>
    public bool ClobberFlags { get; init; }

    /// <summary>Instructions after which a call that has not come back never will.</summary>
    public int StepBound { get; init; } = 4096;

    /// <summary>Argument sets tried for each entry.</summary>
    public int ArgumentSets { get; init; } = 32;

    /// <summary>States of the data, reached by calling entries, in which everything is tried.</summary>
    public int SetupStates { get; init; } = 12;

    /// <summary>Pairs of nested interrupts tried for each call in each state; beyond it the second one is thinned out.</summary>
    public int NestedPairs { get; init; } = 2048;

    /// <summary>Interrupts taken in all.</summary>
    public long Interruptions { get; init; } = 20_000_000;

    /// <summary>Interleavings of two processors tried in all.</summary>
    public long Interleavings { get; init; } = 20_000_000;

    /// <summary>Distinct machine states visited in all; what a run of a well-made area needs is far below it.</summary>
    public int MachineStates { get; init; } = 1_000_000;

    /// <summary>Whether entries are also run over data that a hostile process has written.</summary>
    public bool HostileData { get; init; } = true;
}
