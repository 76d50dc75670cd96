namespace PvPatch.Ace.Exercise;

/// <summary>Counts what is tried, entry by entry.</summary>
internal sealed class Tally(AceEntry entry)
{
    private readonly HashSet<ulong> paths = [];

    /// <summary>Instruction boundaries on different paths.</summary>
    public long Boundaries { get; set; }

    /// <summary>Interrupts taken.</summary>
    public long Interruptions { get; set; }

    /// <summary>Schedules of two processors.</summary>
    public long Interleavings { get; set; }

    /// <summary>Counts the boundaries of a path, the first time that it is seen.</summary>
    public bool AddPath(in CallTrace trace)
    {
        if (!paths.Add(trace.Hash)) return false;
        Boundaries += trace.Length;
        return true;
    }

    /// <summary>The counts so far.</summary>
    public EntryExercise Sum() => new(entry, Boundaries, Interruptions, Interleavings);
}
