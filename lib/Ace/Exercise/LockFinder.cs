namespace PvPatch.Ace.Exercise;

/// <summary>Learns which words are locks, and offers every call after which one is still held.</summary>
/// <remarks>
/// A lock is a word that a call changes in one locked instruction and puts back before it is done, and that makes some
/// call spin while it is changed.
/// </remarks>
internal sealed class LockFinder(Arena arena, FailureLog log)
{
    /// <summary>Fills <see cref="Arena.Locks"/> from runs of all calls.</summary>
    public void Learn(IReadOnlyList<ExploredState> states)
    {
        var taken = new Dictionary<ulong, uint>();
        var released = new HashSet<ulong>();
        foreach (CallTrace trace in states.SelectMany(s => s.Traces))
        {
            foreach ((ulong address, uint held) in Taken(trace))
            {
                taken.TryAdd(address, held);
                if (Read(trace.Start, address) == Read(trace.End, address)) released.Add(address);
            }
        }

        foreach ((ulong address, uint held) in taken)
            if (released.Contains(address) && MakesSpin(address, held)) arena.Locks.Add(address);
    }

    /// <summary>Offers calls that come back with a lock held.</summary>
    public void Check(IReadOnlyList<ExploredState> states)
    {
        foreach (ExploredState state in states)
        {
            foreach (CallTrace trace in state.Traces)
            {
                ulong held = arena.Locks.Order().FirstOrDefault(l => Read(trace.End, l) != Read(trace.Start, l));
                if (held != 0) log.Offer(state.Setup.Length, trace.Length, () => Describe(state.Setup, trace, held));
            }
        }
    }

    private uint Read(int node, ulong address) => arena.Graph.Data.ReadHalf(arena.Graph[node].Data, address);

    private IEnumerable<(ulong Address, uint Held)> Taken(CallTrace trace)
    {
        StateGraph graph = arena.Graph;
        int node = trace.Start;
        for (int next = graph.Next(node); next >= 0; (node, next) = (next, graph.Next(next)))
        {
            if (!graph.InstructionOf(node).Locked) continue;
            foreach (Store store in graph.StoresOf(node))
            {
                ulong address = store.Address & ~3ul;
                if (Read(node, address) != Read(next, address)) yield return (address, Read(next, address));
            }
        }
    }

    private bool MakesSpin(ulong address, uint held)
    {
        int data = arena.Graph.Data.WriteHalf(0, address, held);
        return arena.HandlersCalls.Any(c => arena.Graph.Finish(arena.Begin(c, 0, data)).EndKind is EndKind.Spins or EndKind.Runaway);
    }

    private ExerciseFailure Describe(SetupState setup, CallTrace trace, ulong held)
    {
        string place = arena.Words.Place(held);
        return new ExerciseFailure(
            trace.Call.Entry,
            ExerciseFailureKind.LockHeld,
            trace.Call.Entry.Address,
            $"comes back with the lock {place} held, so the handler would begin with it held",
            [.. Wording.Setup(setup), $"cpu0: {trace.Call} to its end, {Wording.Count(trace.Length)}"],
            $"{place} is {Wording.Number(Read(trace.Start, held))}",
            $"{place} is {Wording.Number(Read(trace.End, held))}");
    }
}
