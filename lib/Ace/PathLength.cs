namespace PvPatch.Ace;

/// <summary>The longest path through an entry in instructions: what it adds to an interrupt's latency.</summary>
internal static class PathLength
{
    private const long TooLong = long.MaxValue / 4;

    /// <summary>Counts it, a lock's spins once; null where no path returns or a loop has no bound.</summary>
    /// <param name="graph">The entry.</param>
    /// <param name="loops">Its loops.</param>
    /// <param name="rounds">How often each runs; 0 for a spin.</param>
    public static long? Find(AceGraph graph, AceLoops loops, IReadOnlyList<long?> rounds)
    {
        if (graph.Root < 0 || rounds.Contains(null) || loops.Irreducible.Count != 0) return null;
        long[] cost = new long[graph.Nodes.Count];
        Array.Fill(cost, 1);

        // Inner loops first: what one costs beyond its first round is put on its header.
        foreach ((AceLoop loop, long? most) in loops.Natural.Zip(rounds))
            if (most is > 1) cost[loop.Header] = Math.Min(TooLong, cost[loop.Header] + ((most.Value - 1) * Round(graph, loops, loop, cost)));

        long[] longest = new long[graph.Nodes.Count];
        long? worst = null;
        for (int i = loops.ReverseOrder.Length - 1; i >= 0; i--)
        {
            int node = loops.ReverseOrder[i];
            long after = AceGraph.IsExit(graph.Nodes[node]) ? 0 : -1;
            foreach (int next in graph.Successors[node])
                if (!loops.IsBack(node, next) && longest[next] >= 0) after = Math.Max(after, longest[next]);
            longest[node] = after < 0 ? -1 : Math.Min(TooLong, after + cost[node]);
            if (node == graph.Root && longest[node] >= 0) worst = longest[node];
        }

        return worst is >= TooLong ? null : worst;
    }

    private static long Round(AceGraph graph, AceLoops loops, AceLoop loop, long[] cost)
    {
        var longest = new Dictionary<int, long> { [loop.Latch] = cost[loop.Latch] };
        foreach (int node in loops.ReverseOrder.Reverse().Where(loop.Body.Contains))
        {
            foreach (int next in graph.Successors[node])
            {
                if (loops.IsBack(node, next) || !longest.TryGetValue(next, out long after)) continue;
                longest[node] = Math.Max(longest.GetValueOrDefault(node), Math.Min(TooLong / LoopRounds, after + cost[node]));
            }
        }

        return longest.GetValueOrDefault(loop.Header, cost[loop.Header]);
    }

    private const long LoopRounds = 1 << 20;
}
