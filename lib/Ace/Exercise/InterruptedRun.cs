namespace PvPatch.Ace.Exercise;

/// <summary>One call under one or two interrupts, from the first swap to the last handler's end.</summary>
internal sealed class InterruptedRun(Arena arena, SetupState setup, CallTrace trace)
{
    private readonly Context registers = arena.Graph.ContextOf(trace.Start);
    private readonly List<(int Node, int Steps)> interrupts = [];
    private Func<Verdict>? trouble;
    private string? handler;

    /// <summary>The resumed routine.</summary>
    public int Node { get; private set; }

    private StateGraph Graph => arena.Graph;

    private int Level => interrupts.Count - 1;

    private ulong HandlerStack => arena.Sentinels.HandlerStack(Level);

    /// <summary>Starts over.</summary>
    public void Begin()
    {
        interrupts.Clear();
        (trouble, handler) = (null, null);
    }

    /// <summary>Swaps RIP and r11, and resumes: HANDLE_ACE.</summary>
    /// <param name="node">Where the interrupt comes.</param>
    /// <param name="steps">Instructions since the call began, or since the last swap.</param>
    public bool Interrupt(int node, int steps)
    {
        ulong back = interrupts.Count == 0 ? arena.Sentinels.Caller(0) : arena.Sentinels.Handler(Level);
        interrupts.Add((node, steps));
        Context swapped = Graph.ContextOf(node);
        ulong frame = swapped[Context.R11], at = swapped[Context.Rip];
        swapped[Context.R11] = arena.Sentinels.Handler(Level);
        swapped[Context.Rsp] = HandlerStack;
        if (arena.Options.ClobberFlags) swapped[Context.Flags] ^= Context.Arithmetic;
        Node = Graph.Find(Graph.Contexts.Add(swapped), Graph[node].Data);
        if (frame == back) return true;
        trouble = () => new Verdict(
            ExerciseFailureKind.ComesBackElsewhere, at, $"r11 does not hold the way back at {arena.Words.Place(at)}, where the interrupt takes it",
            $"the handler goes back to {arena.Ends.Name(back)}", $"the handler goes back to {arena.Ends.Name(frame)}");
        return false;
    }

    /// <summary>Runs the resumed routine to its end, which must be that of the undisturbed run.</summary>
    public bool Complete()
    {
        ulong comeBack = arena.Sentinels.Handler(Level), stack = HandlerStack;
        int node = Node;
        if (!arena.Ends.IsGood(node, comeBack, stack, registers))
        {
            trouble = () => arena.Ends.Explain(node, comeBack, stack, registers);
            return false;
        }

        int end = Graph.Finish(node).End;
        if (Graph[end].Data == Graph[trace.End].Data && arena.Ends.SameResults(end, trace.End)) return true;
        trouble = () => Compare(end);
        return false;
    }

    /// <summary>Lets each handler call an entry of the area, every entry in turn; a lock still held would make it spin.</summary>
    /// <returns>How many orders were tried.</returns>
    public int RunHandlers()
    {
        int data = Graph[Graph.Finish(Node).End].Data, tried = 0;
        foreach (Call call in arena.HandlersCalls)
        {
            tried++;
            int after = data;
            for (int level = Level; level >= 0 && trouble is null; level--) after = RunHandler(call, level, after);
        }

        return tried;
    }

    /// <summary>Offers what went wrong, if anything did.</summary>
    public void OfferTo(FailureLog log)
    {
        if (trouble is null) return;
        (int, int)[] taken = [.. interrupts];
        (Func<Verdict> explain, string? inHandler, int resumed) = (trouble, handler, Node);
        log.Offer(setup.Length, taken.Sum(i => i.Item2) + Graph.Finish(resumed).Distance + 1, () => Describe(taken, resumed, explain(), inHandler));
    }

    private int RunHandler(Call call, int level, int data)
    {
        int node = arena.BeginInHandler(call, level, data);
        (ulong comeBack, ulong stack) = (arena.Sentinels.HandlersCall, arena.Sentinels.HandlerStack(level));
        Context start = Graph.ContextOf(node);
        if (arena.Ends.IsGood(node, comeBack, stack, start)) return Graph[Graph.Finish(node).End].Data;
        handler = $"handler: {call}";
        trouble = () => arena.Ends.Explain(node, comeBack, stack, start);
        return data;
    }

    private Verdict Compare(int end)
    {
        (List<string> expected, List<string> found) = arena.Words.Differences(Graph[trace.End].Data, Graph[end].Data);
        arena.Words.AddResults(expected, found, trace.Call, trace.End, end);
        return new Verdict(
            ExerciseFailureKind.NotAtomic, trace.Call.Entry.Address, "an interrupt changes what the routine does",
            string.Join("; ", expected), string.Join("; ", found));
    }

    private ExerciseFailure Describe((int Node, int Steps)[] taken, int resumed, Verdict verdict, string? inHandler)
    {
        var schedule = new List<string>(Wording.Setup(setup));
        string who = trace.Call.ToString();
        foreach ((int node, int steps) in taken)
        {
            schedule.Add(steps == 0 ? $"cpu0: {who} is about to begin" : $"cpu0: {Wording.Count(steps)} of {who}");
            schedule.Add($"interrupt before {arena.Words.Instruction(Graph.ContextOf(node)[Context.Rip])}: rip and r11 change places");
            who = "the resumed routine";
        }

        Node run = Graph.Finish(resumed);
        schedule.Add($"cpu0: the resumed routine runs on, {Wording.Count(run.Distance)}");
        if (inHandler is not null) schedule.Add(inHandler);
        return new ExerciseFailure(trace.Call.Entry, verdict.Kind, verdict.Address, verdict.Message, schedule, verdict.Expected, verdict.Found);
    }
}
