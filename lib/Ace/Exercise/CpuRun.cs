namespace PvPatch.Ace.Exercise;

/// <summary>Two processors that run on until both calls have come back: one until it is done or spins, then the other.</summary>
internal sealed class CpuRun(Arena arena)
{
    private const int MostTurns = 8;

    /// <summary>The processors.</summary>
    public CpuThread First, Second;

    /// <summary>The data.</summary>
    public int Data;

    /// <summary>The processor whose run went wrong: 0, 1, or 2 where both spin; -1 for none.</summary>
    public int Bad { get; private set; }

    /// <summary>Puts a processor at the beginning of a call.</summary>
    public CpuThread Begin(int start, int cpu) => new()
    {
        Context = arena.Graph[start].Context,
        Start = start,
        ComeBack = arena.Sentinels.Caller(cpu),
        Stack = arena.Sentinels.CallerStack(cpu),
        End = -1,
    };

    /// <summary>Puts a processor at a point of a call.</summary>
    public CpuThread Stop(int start, int cpu, in CpuPoint point) =>
        Begin(start, cpu) with { Context = point.Context, Pending = point.Pending };

    /// <summary>Runs both to their ends, the second one first if asked.</summary>
    public bool Complete(bool secondFirst)
    {
        Bad = -1;
        for (int turn = 0; turn < MostTurns && Bad < 0; turn++)
        {
            int before = Data;
            bool moved = secondFirst ? Turn(ref Second, 1) | Turn(ref First, 0) : Turn(ref First, 0) | Turn(ref Second, 1);
            if (First.End >= 0 && Second.End >= 0) return true;
            if (!moved && Data == before) Bad = Bad < 0 ? 2 : Bad;
        }

        if (Bad < 0) Bad = 2;
        return false;
    }

    // Whether the processor is done now and was not before.
    private bool Turn(ref CpuThread cpu, int number)
    {
        if (cpu.End >= 0 || Bad >= 0) return false;
        if (cpu.Pending is { } stores)
        {
            foreach (Store store in stores) Data = arena.Graph.Data.Store(Data, store);
            cpu.Pending = null;
        }

        int node = arena.Graph.Find(cpu.Context, Data);
        Node run = arena.Graph.Finish(node);
        cpu.Ran = node;
        if (run.EndKind == EndKind.Failed
            || (run.EndKind == EndKind.Returned && !arena.Ends.IsGood(node, cpu.ComeBack, cpu.Stack, arena.Graph.ContextOf(cpu.Start))))
        {
            Bad = number;
            return false;
        }

        // Who spins gives way; it goes on from a state of its loop.
        Data = arena.Graph[run.End].Data;
        cpu.Context = arena.Graph[run.End].Context;
        cpu.Steps += run.Distance;
        if (run.EndKind != EndKind.Returned) return false;
        cpu.End = run.End;
        return true;
    }
}
