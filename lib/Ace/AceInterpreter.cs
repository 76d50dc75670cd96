using Iced.Intel;
using PvPatch.Checking;

namespace PvPatch.Ace;

/// <summary>Abstract interpretation of one entry: ranges of the registers and the locks held, before each instruction.</summary>
internal sealed class AceInterpreter
{
    private const int FirstId = 32, IdsPerNode = 32, MostStates = 24, JoinsBeforeWidening = 3;
    private readonly AceGraph graph;
    private readonly AceArea area;
    private readonly LockBook book;
    private readonly InstructionInfoFactory factory = new();
    private readonly ulong[] thresholds;
    private readonly Dictionary<LockState, (MachineState State, int Joins)>[] states;

    private AceInterpreter(AceGraph graph, AceArea area, LockBook book)
    {
        (this.graph, this.area, this.book) = (graph, area, book);
        thresholds = Thresholds(graph);
        states = new Dictionary<LockState, (MachineState, int)>[graph.Nodes.Count];
        for (int i = 0; i < states.Length; i++) states[i] = [];
    }

    /// <summary>False where there were too many states to follow them all.</summary>
    public bool IsComplete { get; private set; } = true;

    /// <summary>Finds what is known everywhere.</summary>
    public static AceInterpreter Run(AceGraph graph, AceArea area, LockBook book)
    {
        var interpreter = new AceInterpreter(graph, area, book);
        interpreter.FindStates();
        return interpreter;
    }

    /// <summary>What is known before an instruction: a state for each way the locks may be.</summary>
    public IEnumerable<MachineState> Before(int node) => states[node].Values.Select(s => s.State);

    /// <summary>What is known where control goes along an edge.</summary>
    public IEnumerable<MachineState> Along(int from, int to) =>
        Before(from).SelectMany(s => Step(from, s, null)).Where(n => n.To == to).Select(n => n.State);

    /// <summary>Goes over every state once more and says what is wrong.</summary>
    public void Report(List<Finding> report)
    {
        for (int node = 0; node < states.Length; node++)
        {
            foreach (MachineState state in Before(node))
            {
                Step(node, state, report);
                Instruction instruction = graph.Nodes[node];
                if (!AceGraph.IsExit(instruction)) continue;
                LockChecks.AtExit(state.Locks, instruction.IP, report);
                SavedRegisters.Check(state, instruction.IP, report);
            }
        }
    }

    /// <summary>Applies a check to what each instruction finds.</summary>
    public void ForEach(Action<Instruction, InstructionInfo, MachineState> check)
    {
        for (int node = 0; node < states.Length; node++)
            foreach (MachineState state in Before(node))
                check(graph.Nodes[node], factory.GetInfo(graph.Nodes[node]), state);
    }

    private void FindStates()
    {
        if (graph.Root < 0) return;
        var work = new Queue<(int Node, LockState Locks)>();
        var waiting = new HashSet<(int, LockState)>();
        Reach(graph.Root, MachineState.AtEntry());
        for (long steps = 0; work.TryDequeue(out (int Node, LockState Locks) next); steps++)
        {
            waiting.Remove(next);
            if (steps > 2000 + (200L * graph.Nodes.Count))
            {
                IsComplete = false;
                return;
            }

            foreach ((int to, MachineState state) in Step(next.Node, states[next.Node][next.Locks].State, null)) Reach(to, state);
        }

        void Reach(int node, MachineState state)
        {
            int firstId = Ids(node) + MachineState.Count;
            if (graph.Predecessors[node].Length + (node == graph.Root ? 1 : 0) > 1) state.Arrive(firstId);
            if (states[node].TryGetValue(state.Locks, out (MachineState State, int Joins) known))
            {
                if (!known.State.Join(state, firstId, known.Joins >= JoinsBeforeWidening ? thresholds : null)) return;
                states[node][state.Locks] = (known.State, known.Joins + 1);
            }
            else if (states[node].Count == MostStates)
            {
                IsComplete = false;
                return;
            }
            else
            {
                states[node].Add(state.Locks, (state, 0));
            }

            if (waiting.Add((node, state.Locks))) work.Enqueue((node, state.Locks));
        }
    }

    private List<(int To, MachineState State)> Step(int node, MachineState before, List<Finding>? report)
    {
        Instruction instruction = graph.Nodes[node];
        var next = new List<(int, MachineState)>();
        InstructionInfo info = factory.GetInfo(instruction);
        List<MachineState> after = [before.Clone()];
        UsedMemory? written = null;
        foreach (UsedMemory memory in info.GetUsedMemory())
            if (Transfer.Writes(memory.Access)) written = memory;
        bool loses = written is not null || instruction.RflagsModified != RflagsBits.None;
        if (before.Locks.Attempt is { } attempt && loses && (written is not null || attempt.Kind != LockAttemptKind.RegisterIsBusy))
            after = Fork(after);
        foreach (MachineState state in after)
        {
            if (written is { } operand)
            {
                int loads = instruction.Mnemonic == Mnemonic.Xchg ? MachineState.NumberOf(instruction.Op1Register) : -1;
                state.Locks = LockChecks.Apply(
                    instruction, operand, state, area, book, loads < 0 ? 0 : Ids(node) + loads, report);
            }

            LockAttempt? fresh = state.Locks.Attempt;
            Transfer.Apply(instruction, info, state, Ids(node));

            // The value that xchg loads is new, and the attempt goes by it; any other use of the id is an older one's.
            if (written is not null && fresh is { Kind: LockAttemptKind.RegisterIsBusy } && fresh.At == instruction.IP)
                state.Locks = state.Locks with { Attempt = state.Locks.Attempt! with { Id = fresh.Id } };
        }

        if (after.Any(s => s.Locks.Attempt is { Kind: LockAttemptKind.RegisterIsBusy } a && !IsKept(s, a.Id))) after = Fork(after);
        foreach (MachineState state in after) Leave(instruction, node, state, next);
        return next;
    }

    private void Leave(in Instruction instruction, int node, MachineState state, List<(int To, MachineState State)> next)
    {
        if (!instruction.IsJccShortOrNear)
        {
            foreach (int to in graph.Successors[node]) next.Add((to, state.Clone()));
            return;
        }

        Go(graph.IndexOf(instruction.NearBranch64), instruction.ConditionCode);
        Go(graph.IndexOf(instruction.NextIP), FlagsState.Negate(instruction.ConditionCode));

        void Go(int to, ConditionCode condition)
        {
            if (to < 0 || !graph.Successors[node].Contains(to)) return;
            MachineState copy = state.Clone();
            if (BranchRefiner.Apply(copy, condition)) next.Add((to, copy));
        }
    }

    private static List<MachineState> Fork(List<MachineState> states)
    {
        var both = new List<MachineState>();
        foreach (MachineState state in states)
        {
            if (state.Locks.Attempt is null)
            {
                both.Add(state);
                continue;
            }

            foreach (bool taken in (ReadOnlySpan<bool>)[true, false])
            {
                MachineState copy = state.Clone();
                copy.Locks = copy.Locks.Resolve(taken);
                both.Add(copy);
            }
        }

        return both;
    }

    private static bool IsKept(MachineState state, int id) =>
        id > 0 && ((state.Flags.Size != 0 && state.Flags.LeftId == id) || state.Registers.Any(r => r.Id == id));

    private static int Ids(int node) => FirstId + (node * IdsPerNode);

    // Ends worth stopping at when a range keeps growing: the constants of the code, and one more or less.
    private static ulong[] Thresholds(AceGraph graph)
    {
        var all = new SortedSet<ulong> { 0xff, 0xffff, uint.MaxValue };
        foreach (Instruction instruction in graph.Nodes)
        {
            for (int i = 0; i < instruction.OpCount; i++)
            {
                if (instruction.GetOpKind(i) is < OpKind.Immediate8 or > OpKind.Immediate32to64) continue;
                ulong value = instruction.GetImmediate(i);
                foreach (ulong end in (ReadOnlySpan<ulong>)[value - 1, value, value + 1]) all.Add(end);
            }
        }

        return [.. all];
    }
}
