namespace PvPatch.Ace;

/// <summary>Dominators and natural loops of a graph (Cooper, Harvey, Kennedy: A Simple, Fast Dominance Algorithm).</summary>
public sealed class AceLoops
{
    private const long MostWork = 20_000_000;
    private readonly int[] dominator;
    private readonly int[] order; // position in reverse postorder

    private AceLoops(AceGraph graph)
    {
        ReverseOrder = Sort(graph);
        order = new int[graph.Nodes.Count];
        for (int i = 0; i < ReverseOrder.Length; i++) order[ReverseOrder[i]] = i;
        dominator = Dominators(graph);
        var loops = new List<AceLoop>();
        var crossing = new List<(int From, int To)>();
        long work = 0;
        foreach (int node in ReverseOrder)
        {
            foreach (int next in graph.Successors[node])
            {
                if (order[next] > order[node]) continue;
                if (!Dominates(next, node)) crossing.Add((node, next));
                else if (work > MostWork) IsComplete = false;
                else loops.Add(new AceLoop(next, node, Body(graph, next, node, ref work)));
            }
        }

        Natural = [.. loops.OrderBy(l => l.Body.Count)];
        Irreducible = crossing;
    }

    /// <summary>The nodes, each before its successors but for edges back.</summary>
    public int[] ReverseOrder { get; }

    /// <summary>The natural loops, inner before outer.</summary>
    public IReadOnlyList<AceLoop> Natural { get; }

    /// <summary>Edges that enter a loop elsewhere than at its header.</summary>
    public IReadOnlyList<(int From, int To)> Irreducible { get; }

    /// <summary>False where there were too many loops to look at all.</summary>
    public bool IsComplete { get; private set; } = true;

    /// <summary>Finds the loops of a graph.</summary>
    public static AceLoops Find(AceGraph graph) => new(graph);

    /// <summary>Whether every path to <paramref name="node"/> passes <paramref name="over"/>.</summary>
    public bool Dominates(int over, int node)
    {
        while (order[node] > order[over]) node = dominator[node];
        return node == over;
    }

    /// <summary>Whether an edge goes back.</summary>
    public bool IsBack(int from, int to) => order[to] <= order[from];

    private static int[] Sort(AceGraph graph)
    {
        if (graph.Root < 0) return [];
        var post = new List<int>();
        var seen = new bool[graph.Nodes.Count];
        var stack = new Stack<(int Node, int Next)>();
        stack.Push((graph.Root, 0));
        seen[graph.Root] = true;
        while (stack.TryPop(out (int Node, int Next) top))
        {
            if (top.Next == graph.Successors[top.Node].Length)
            {
                post.Add(top.Node);
                continue;
            }

            stack.Push((top.Node, top.Next + 1));
            int next = graph.Successors[top.Node][top.Next];
            if (seen[next]) continue;
            seen[next] = true;
            stack.Push((next, 0));
        }

        post.Reverse();
        return [.. post];
    }

    private static HashSet<int> Body(AceGraph graph, int header, int latch, ref long work)
    {
        var body = new HashSet<int> { header };
        var stack = new Stack<int>([latch]);
        while (stack.TryPop(out int node))
        {
            work++;
            if (!body.Add(node)) continue;
            foreach (int before in graph.Predecessors[node]) stack.Push(before);
        }

        return body;
    }

    private int[] Dominators(AceGraph graph)
    {
        int[] immediate = new int[graph.Nodes.Count];
        Array.Fill(immediate, -1);
        if (graph.Root < 0) return immediate;
        immediate[graph.Root] = graph.Root;
        for (bool changed = true; changed;)
        {
            changed = false;
            foreach (int node in ReverseOrder)
            {
                if (node == graph.Root) continue;
                int best = -1;
                foreach (int before in graph.Predecessors[node])
                {
                    if (immediate[before] < 0) continue;
                    best = best < 0 ? before : Common(immediate, best, before);
                }

                changed |= immediate[node] != best;
                immediate[node] = best;
            }
        }

        return immediate;
    }

    private int Common(int[] immediate, int a, int b)
    {
        while (a != b)
        {
            while (order[a] > order[b]) a = immediate[a];
            while (order[b] > order[a]) b = immediate[b];
        }

        return a;
    }
}
