using Iced.Intel;

namespace PvPatch.Ace;

/// <summary>The instructions an entry can reach inside the area, ascending by address, and how control flows between them.</summary>
public sealed class AceGraph
{
    /// <summary>The most instructions of one entry that are looked at.</summary>
    public const int MostNodes = 8192;

    private AceGraph(AceEntry entry, Instruction[] nodes, int[][] successors, List<AceLeak> leaks, bool truncated)
    {
        (Entry, Nodes, Successors, Leaks, IsTruncated) = (entry, nodes, successors, leaks, truncated);
        Root = IndexOf(entry.Address);
        var into = new List<int>[nodes.Length];
        for (int i = 0; i < nodes.Length; i++) into[i] = [];
        for (int i = 0; i < nodes.Length; i++)
            foreach (int next in successors[i]) into[next].Add(i);
        Predecessors = [.. into.Select(p => p.ToArray())];
    }

    /// <summary>The entry.</summary>
    public AceEntry Entry { get; }

    /// <summary>The instructions: every boundary at which an interrupt can come.</summary>
    public IReadOnlyList<Instruction> Nodes { get; }

    /// <summary>For each node, where control goes next.</summary>
    public IReadOnlyList<int[]> Successors { get; }

    /// <summary>For each node, where control comes from.</summary>
    public IReadOnlyList<int[]> Predecessors { get; }

    /// <summary>The ways out that are not <c>jmp *%r11</c> and go to no other node.</summary>
    public IReadOnlyList<AceLeak> Leaks { get; }

    /// <summary>The first instruction's node; negative where there is none.</summary>
    public int Root { get; }

    /// <summary>Whether there was more than is looked at.</summary>
    public bool IsTruncated { get; }

    /// <summary>The addresses of all instructions, ascending.</summary>
    public IEnumerable<ulong> Addresses => Nodes.Select(n => n.IP);

    /// <summary>Whether an instruction is the one right way out.</summary>
    public static bool IsExit(in Instruction instruction) =>
        instruction.Code == Code.Jmp_rm64 && instruction is { Op0Kind: OpKind.Register, Op0Register: Register.R11 };

    /// <summary>Follows control from an entry.</summary>
    public static AceGraph Build(AceCode code, AceEntry entry)
    {
        var found = new SortedDictionary<ulong, (Instruction Instruction, List<ulong> Next)>();
        var leaks = new List<AceLeak>();
        var work = new Stack<(ulong From, ulong To)>();
        work.Push((entry.Address, entry.Address));
        while (work.TryPop(out (ulong From, ulong To) edge) && found.Count < MostNodes)
        {
            if (found.ContainsKey(edge.To)) continue;
            Instruction instruction = default;
            bool falls = found.TryGetValue(edge.From, out var from) && from.Instruction.NextIP == edge.To;
            if (Leak(code, edge.To, falls, ref instruction) is { } kind)
            {
                leaks.Add(new AceLeak(kind, edge.From, edge.To));
                continue;
            }

            List<ulong> next = Next(code, instruction);
            found.Add(edge.To, (instruction, next));
            for (int i = next.Count - 1; i >= 0; i--) work.Push((edge.To, next[i]));
        }

        Instruction[] nodes = [.. found.Values.Select(n => n.Instruction)];
        var index = new Dictionary<ulong, int>();
        for (int i = 0; i < nodes.Length; i++) index[nodes[i].IP] = i;
        int[][] successors = [.. found.Values.Select(n => n.Next.Where(index.ContainsKey).Select(a => index[a]).Distinct().ToArray())];
        return new AceGraph(entry, nodes, successors, leaks, work.Count != 0);
    }

    /// <summary>The node at an address; negative where there is none.</summary>
    public int IndexOf(ulong address)
    {
        (int low, int high) = (0, Nodes.Count - 1);
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            if (Nodes[middle].IP == address) return middle;
            if (Nodes[middle].IP < address) low = middle + 1;
            else high = middle - 1;
        }

        return -1;
    }

    private static AceLeakKind? Leak(AceCode code, ulong to, bool falls, ref Instruction instruction)
    {
        if (to == code.Area.End && falls) return AceLeakKind.OffTheEnd;
        if (!code.Area.Contains(to)) return AceLeakKind.OutOfArea;
        if (code.IsFill(to)) return AceLeakKind.OffTheEnd;
        instruction = code.Decode(to);
        if (!instruction.IsInvalid) return null;
        return AceLeakKind.Undecodable;
    }

    // What follows a wrong instruction is looked at as if it returned, so that one mistake does not make others of it.
    private static List<ulong> Next(AceCode code, in Instruction instruction)
    {
        ulong next = instruction.NextIP;
        bool relative = instruction.Op0Kind == OpKind.NearBranch64;
        switch (instruction.FlowControl)
        {
            case FlowControl.UnconditionalBranch:
                return relative ? [instruction.NearBranch64] : [];
            case FlowControl.ConditionalBranch:
            case FlowControl.XbeginXabortXend:
                return relative ? [next, instruction.NearBranch64] : [next];
            case FlowControl.Call when relative && code.Area.Contains(instruction.NearBranch64):
                return GoesOn(code, next) ? [next, instruction.NearBranch64] : [instruction.NearBranch64];
            case FlowControl.IndirectBranch:
            case FlowControl.Return:
                return [];
            case FlowControl.Call:
            case FlowControl.IndirectCall:
            case FlowControl.Interrupt:
            case FlowControl.Exception:
                return GoesOn(code, next) ? [next] : [];
            default:
                return [next];
        }
    }

    private static bool GoesOn(AceCode code, ulong next) => !code.IsStart(next) && !(code.Area.Contains(next) && code.IsFill(next));
}
