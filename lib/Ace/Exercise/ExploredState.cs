namespace PvPatch.Ace.Exercise;

/// <summary>A state in which every call comes back.</summary>
/// <param name="Setup">How it is reached.</param>
/// <param name="Traces">Every call, run in it.</param>
internal sealed record ExploredState(SetupState Setup, IReadOnlyList<CallTrace> Traces)
{
    private const int SamePath = 2;

    /// <summary>Of the calls of an entry that take the same path, the first two: with equal and with different arguments.</summary>
    public IReadOnlyList<CallTrace> Representatives { get; } =
        [.. Traces.GroupBy(t => (t.Call.Entry, t.Call.Target, t.Hash)).SelectMany(g => g.Take(SamePath))];
}
