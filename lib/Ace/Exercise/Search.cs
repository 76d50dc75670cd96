namespace PvPatch.Ace.Exercise;

/// <summary>The order of the search: few events before many, so that the first failing schedule is a shortest one.</summary>
/// <remarks>No event; one interrupt; one preemption; two interrupts; two preemptions; at last, hostile data.</remarks>
internal sealed class Search(Arena arena, JumpTable slots)
{
    /// <summary>The failures of the phase that found any.</summary>
    public FailureLog Log { get; } = new();

    /// <summary>States of the data in which everything was run.</summary>
    public int States { get; private set; }

    /// <summary>Runs the phases until one finds a failure.</summary>
    public void Run()
    {
        var uninterrupted = new UninterruptedPhase(arena, Log);
        IReadOnlyList<ExploredState> states = uninterrupted.Explore();
        States = states.Count;
        IReadOnlyList<CallTrace> throughSlots = RunSlots(uninterrupted);
        var locks = new LockFinder(arena, Log);
        locks.Learn(states);
        locks.Check(states);
        if (Log.Any || states.Count == 0) return;

        var interrupts = new InterruptPhase(arena, Log);
        interrupts.RunSingle(states[0].Setup, throughSlots);
        var cpus = new CpuPhase(arena, Log);
        if (Each(states, s => interrupts.RunSingle(s.Setup, s.Traces))
            || Each(states, s => cpus.Run(s, twice: false))
            || Each(states, interrupts.RunNested)
            || Each(states, s => cpus.Run(s, twice: true))) return;
        if (arena.Options.HostileData) RunHostile(uninterrupted);
    }

    private IReadOnlyList<CallTrace> RunSlots(UninterruptedPhase uninterrupted)
    {
        Call[] calls = [.. slots.Landings.Select(l => arena.HandlersCalls.First(c => c.Entry == l.Entry) with { Target = l.Slot })];
        IReadOnlyList<CallTrace> traces = uninterrupted.RunSlots(calls);
        foreach (CallTrace trace in traces) arena[trace.Call.Entry].Boundaries++; // the slot's own jump
        return traces;
    }

    private bool Each(IReadOnlyList<ExploredState> states, Action<ExploredState> action)
    {
        foreach (ExploredState state in states)
        {
            action(state);
            if (Log.Any) return true;
        }

        return Log.Any;
    }

    // User space can write the data: links that lead nowhere, lead out, or lead in circles; only the locks are left free.
    private void RunHostile(UninterruptedPhase uninterrupted)
    {
        foreach (ulong pattern in (ReadOnlySpan<ulong>)[0, 0x0000_0001_0000_0001, 0x7fff_ffff_7fff_ffff, ulong.MaxValue, 0x8000_0000_8000_0000])
        {
            int data = arena.Graph.Data.Fill(pattern);
            foreach (ulong held in arena.Locks) data = arena.Graph.Data.WriteHalf(data, held, arena.Graph.Data.ReadHalf(0, held));
            uninterrupted.RunHostile(new SetupState(data, [], $"every word of the data is 0x{(uint)pattern:x}, as a process may write it"));
            if (Log.Any) return;
        }
    }
}
