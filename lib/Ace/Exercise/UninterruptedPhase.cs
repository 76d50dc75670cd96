namespace PvPatch.Ace.Exercise;

/// <summary>Runs every call undisturbed, and finds states of the data in which calls take other paths: empty, partly filled, full.</summary>
internal sealed class UninterruptedPhase(Arena arena, FailureLog log)
{
    private const int MostCandidates = 256, MostRunaways = 8, MostRepetitions = 2048;
    private readonly PriorityQueue<SetupState, (int Length, int Order)> candidates = new();
    private readonly HashSet<int> queued = [];
    private readonly HashSet<(AceEntry, ulong)> paths = [];
    private int runaways;

    /// <summary>The states in which a call took a path of its own; those with the fewest calls first.</summary>
    public IReadOnlyList<ExploredState> Explore()
    {
        var found = new List<ExploredState>();
        Propose(new SetupState(0, []));
        for (int tried = 0; tried < MostCandidates && found.Count < arena.Options.SetupStates && runaways < MostRunaways; tried++)
        {
            // A lock that a call forgot makes the next call spin: one call longer than the failure that is told.
            if (!candidates.TryDequeue(out SetupState? setup, out _) || setup.Length > (long)log.Setup + 1) break;
            var explored = new ExploredState(setup, RunAll(setup));
            if (!HasNewPath(explored)) continue;
            found.Add(explored);
            foreach (CallTrace trace in explored.Traces)
                if (DataAfter(trace) != setup.Data) Propose(setup.After(trace.Call, 1, DataAfter(trace)));
            if (setup.Steps.Count <= 1 && !log.Any)
                foreach (CallTrace trace in explored.Representatives) Repeat(setup, trace);
        }

        return found;
    }

    /// <summary>Runs the slots that land on an entry, in the image's state.</summary>
    public IReadOnlyList<CallTrace> RunSlots(IReadOnlyList<Call> slots)
    {
        var image = new SetupState(0, []);
        return [.. slots.Where(s => TryRun(s, image, out _)).Select(s => arena.Trace(s, arena.Begin(s, 0, 0)))];
    }

    /// <summary>Runs every call over data that another process has written.</summary>
    public void RunHostile(SetupState setup)
    {
        foreach (Call call in arena.Calls) TryRun(call, setup, out _);
    }

    private int DataAfter(in CallTrace trace) => arena.Graph[trace.End].Data;

    private void Propose(SetupState setup)
    {
        if (queued.Add(setup.Data)) candidates.Enqueue(setup, (setup.Length, queued.Count));
    }

    private List<CallTrace> RunAll(SetupState setup)
    {
        var traces = new List<CallTrace>();
        foreach (Call call in arena.Calls)
        {
            if (TryRun(call, setup, out int start)) traces.Add(arena.Trace(call, start));
            if (runaways >= MostRunaways) break;
        }

        return traces;
    }

    private bool HasNewPath(ExploredState explored)
    {
        bool any = false;
        foreach (CallTrace trace in explored.Traces)
        {
            any |= paths.Add((trace.Call.Entry, trace.Hash));
            arena[trace.Call.Entry].AddPath(trace);
        }

        return any;
    }

    // A pool runs empty only after many calls: repeats one until it takes another path, and proposes the states around that.
    private void Repeat(SetupState setup, in CallTrace first)
    {
        int data = DataAfter(first), middle = data, times = 1, limit = Math.Min(MostRepetitions, arena.Graph.Data.Length / 2);
        if (data == setup.Data) return;
        for (; times < limit; times++)
        {
            int start = arena.Begin(first.Call, 0, data);
            if (arena.Graph.Finish(start).EndKind != EndKind.Returned) break;
            CallTrace trace = arena.Trace(first.Call, start);
            if (trace.Hash != first.Hash)
            {
                Propose(setup.After(first.Call, times, data));
                if (times > 3) Propose(setup.After(first.Call, (times + 1) / 2, middle));
                return;
            }

            data = DataAfter(trace);
            if (times % 2 == 0) middle = DataAfter(arena.Trace(first.Call, arena.Begin(first.Call, 0, middle)));
        }
    }

    private bool TryRun(Call call, SetupState setup, out int start)
    {
        Context registers = call.Start(arena.Sentinels.Caller(0), arena.Sentinels.CallerStack(0));
        int begin = start = arena.Begin(call, 0, setup.Data);
        if (arena.Ends.IsGood(start, arena.Sentinels.Caller(0), arena.Sentinels.CallerStack(0), registers)) return true;
        Node run = arena.Graph.Finish(start);
        if (run.EndKind == EndKind.Runaway) runaways++;
        log.Offer(setup.Length, run.Distance + 1, () => Describe(call, setup, begin));
        return false;
    }

    private ExerciseFailure Describe(Call call, SetupState setup, int start)
    {
        Verdict verdict = arena.Ends.Explain(
            start, arena.Sentinels.Caller(0), arena.Sentinels.CallerStack(0), call.Start(arena.Sentinels.Caller(0), arena.Sentinels.CallerStack(0)));
        Node run = arena.Graph.Finish(start);
        string[] schedule = [.. Wording.Setup(setup), run.Distance == 0 ? $"cpu0: {call} {Outcome(run)}" : $"cpu0: {call}, {Wording.Count(run.Distance)}; then it {Outcome(run)}"];
        return new ExerciseFailure(call.Entry, verdict.Kind, verdict.Address, verdict.Message, schedule, verdict.Expected, verdict.Found);
    }

    private string Outcome(in Node run) => run.EndKind switch
    {
        EndKind.Failed => $"fails at {arena.Words.Instruction(arena.Graph.FaultOf(run.End).Address)}",
        EndKind.Spins => "spins for ever",
        EndKind.Runaway => "runs on and on",
        _ => $"is back at {arena.Ends.Name(arena.Graph.ContextOf(run.End)[Context.Rip])}",
    };
}
