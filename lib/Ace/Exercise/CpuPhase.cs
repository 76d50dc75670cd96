namespace PvPatch.Ace.Exercise;

/// <summary>Runs two calls on two processors that share the data, in every order with up to two preemptions.</summary>
/// <remarks>
/// A preemption comes between two instructions, or inside one that reads and writes memory without a lock. Who spins gives
/// way to the other, which is no preemption. What is left must be what one of the two serial orders leaves.
/// </remarks>
internal sealed class CpuPhase(Arena arena, FailureLog log)
{
    private const int RunawayStops = 64; // a spin that counts has no last state
    private readonly CpuRun run = new(arena);
    private readonly List<CpuPoint> stops = [];
    private CpuOutcome?[] serial = [];
    private long tried;

    private StateGraph Graph => arena.Graph;

    /// <summary>All schedules of a state's calls with one preemption, or with a second event after it.</summary>
    public void Run(ExploredState state, bool twice)
    {
        IReadOnlyList<CallTrace> calls = state.Representatives;
        List<CpuPoint>[] points = [.. calls.Select(c => Points(c.Start))];
        CallTrace[] others = [.. calls.Select(c => c with { Start = arena.Begin(c.Call, 1, state.Setup.Data) })];
        for (int a = 0; a < calls.Count; a++)
        {
            for (int b = 0; b < calls.Count; b++)
            {
                if (!RunSerially(state.Setup, calls[a], others[b])) continue;
                foreach (CpuPoint stop in points[a])
                {
                    var schedule = new CpuSchedule(state.Setup, calls[a], others[b], stop, null, false);
                    if (twice) RunTwice(schedule, stop);
                    else Try(schedule, arena.Graph[others[b].Start].Context);
                }
            }
        }
    }

    private bool RunSerially(SetupState setup, in CallTrace first, in CallTrace second)
    {
        Count();
        serial = new CpuOutcome?[2];
        for (int order = 0; order < 2; order++)
        {
            run.Data = setup.Data;
            (run.First, run.Second) = (run.Begin(first.Start, 0), run.Begin(second.Start, 1));
            if (run.Complete(order == 1)) serial[order] = new CpuOutcome(run.Data, run.First.End, run.Second.End);
            else Offer(new CpuSchedule(setup, first, second, null, null, order == 1), order == 1);
        }

        return serial[0] is not null && serial[1] is not null;
    }

    private void RunTwice(CpuSchedule schedule, in CpuPoint stop)
    {
        stops.Clear();
        int start = Graph.Find(Graph[schedule.Second.Start].Context, stop.Data);
        stops.Add(new CpuPoint(Graph[start].Context, null, stop.Data, 0, start));
        AddPoints(start, stops);
        for (int i = 0; i < stops.Count; i++)
        {
            CpuPoint second = stops[i];
            if (i != 0) Try(schedule with { SecondStop = second }, second.Context);
            if (second.Pending is null) Try(schedule with { SecondStop = second, Interrupted = true }, second.Context);
        }
    }

    private void Try(CpuSchedule schedule, int context)
    {
        Count();
        arena[schedule.First.Call.Entry].Interleavings++;
        bool secondFirst = Prepare(schedule, context);
        if (!run.Complete(secondFirst) || !IsSerial()) Offer(schedule, secondFirst);
    }

    private void Count()
    {
        if (++tried > arena.Options.Interleavings) throw new BoundReachedException($"{arena.Options.Interleavings:n0} interleavings");
    }

    // Who runs on first: cpu1, unless cpu0 took it off.
    private bool Prepare(CpuSchedule schedule, int context)
    {
        CpuPoint stop = schedule.FirstStop!.Value;
        run.Data = schedule.SecondStop?.Data ?? stop.Data;
        run.First = run.Stop(schedule.First.Start, 0, stop);
        run.Second = run.Begin(schedule.Second.Start, 1) with { Context = context, Pending = schedule.SecondStop?.Pending };
        if (!schedule.Interrupted) return schedule.SecondStop is null;
        Context swapped = Graph.Contexts[context];
        (swapped[Context.R11], swapped[Context.Rsp]) = (arena.Sentinels.Handler(0), arena.Sentinels.HandlerStack(0));
        (run.Second.ComeBack, run.Second.Stack) = (arena.Sentinels.Handler(0), arena.Sentinels.HandlerStack(0));
        if (arena.Options.ClobberFlags) swapped[Context.Flags] ^= Context.Arithmetic;
        run.Second.Context = Graph.Contexts.Add(swapped);
        return true;
    }

    private bool IsSerial()
    {
        foreach (CpuOutcome? order in serial)
            if (order is { } o && o.Data == run.Data && Same(o.First, run.First.End) && Same(o.Second, run.Second.End)) return true;
        return false;
    }

    private bool Same(int one, int other) => one == other || arena.Ends.SameResults(one, other);

    private List<CpuPoint> Points(int start)
    {
        var points = new List<CpuPoint>();
        AddPoints(start, points);
        return points;
    }

    // Every point after the start at which the call is not done; a spin's are listed once.
    private void AddPoints(int start, List<CpuPoint> points)
    {
        Node whole = Graph.Finish(start);
        int most = whole.EndKind == EndKind.Runaway ? RunawayStops : int.MaxValue;
        int node = start, steps = 0;
        bool circling = false;
        while (steps < most)
        {
            circling |= whole.EndKind == EndKind.Spins && node == whole.End;
            int next = Graph.Next(node);
            if (next < 0) return;
            if (Graph.InstructionOf(node).Splits && Graph.StoresOf(node) is { Count: > 0 } stores)
                points.Add(new CpuPoint(Graph[next].Context, stores, Graph[node].Data, steps, node));
            if (Graph[next].Kind == NodeKind.Returned || (circling && next == whole.End)) return;
            steps++;
            node = next;
            points.Add(new CpuPoint(Graph[node].Context, null, Graph[node].Data, steps, node));
        }
    }

    private void Offer(CpuSchedule schedule, bool secondFirst)
    {
        int steps = (schedule.FirstStop?.Steps ?? 0) + (schedule.SecondStop?.Steps ?? 0) + run.First.Steps + run.Second.Steps + 1;
        var outcome = new CpuOutcome(run.Data, run.First.End, run.Second.End);
        (int bad, CpuThread first, CpuThread second, CpuOutcome?[] orders) = (run.Bad, run.First, run.Second, serial);
        log.Offer(schedule.Setup.Length, steps, () =>
            new CpuReport(arena, schedule, orders).Describe(bad, first, second, outcome, secondFirst));
    }
}
