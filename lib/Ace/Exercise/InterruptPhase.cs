namespace PvPatch.Ace.Exercise;

/// <summary>Interrupts calls at every instruction boundary as HANDLE_ACE does: the swap, the rest of the routine, the handler.</summary>
internal sealed class InterruptPhase(Arena arena, FailureLog log)
{
    private long tried;

    private StateGraph Graph => arena.Graph;

    /// <summary>One interrupt at every boundary of every call.</summary>
    public void RunSingle(SetupState setup, IReadOnlyList<CallTrace> traces)
    {
        foreach (CallTrace trace in traces)
        {
            var rest = new InterruptedRun(arena, setup, trace);
            int node = trace.Start;
            for (int at = 0; at < trace.Length; at++, node = Graph.Next(node))
            {
                rest.Begin();
                Count(trace, rest.Interrupt(node, at) && rest.Complete() ? rest.RunHandlers() : 1);
                rest.OfferTo(log);
            }
        }
    }

    /// <summary>Two interrupts: the second one at every boundary of the routine that the first one resumed.</summary>
    public void RunNested(ExploredState state)
    {
        foreach (CallTrace trace in state.Representatives)
        {
            long pairs = (long)trace.Length * (trace.Length + 1) / 2;
            int stride = (int)((pairs + arena.Options.NestedPairs - 1) / arena.Options.NestedPairs);
            var rest = new InterruptedRun(arena, state.Setup, trace);
            int node = trace.Start;
            for (int at = 0; at < trace.Length; at++, node = Graph.Next(node))
                for (int second = 0; second < trace.Length - at; second += stride) RunPair(rest, trace, node, at, second);
        }
    }

    private void RunPair(InterruptedRun rest, in CallTrace trace, int node, int first, int second)
    {
        rest.Begin();
        bool good = rest.Interrupt(node, first);
        if (good)
        {
            // The path after a swap is the same as before it; only r11 and rsp are others.
            int resumed = rest.Node;
            for (int i = 0; i < second && resumed >= 0; i++) resumed = Graph.Next(resumed);
            good = resumed >= 0 && Graph[resumed].Kind != NodeKind.Returned && rest.Interrupt(resumed, second) && rest.Complete();
        }

        Count(trace, good ? rest.RunHandlers() : 1);
        rest.OfferTo(log);
    }

    private void Count(in CallTrace trace, int tries)
    {
        arena[trace.Call.Entry].Interruptions += tries;
        if ((tried += tries) > arena.Options.Interruptions) throw new BoundReachedException($"{arena.Options.Interruptions:n0} interrupts");
    }
}
