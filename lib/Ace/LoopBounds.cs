using Iced.Intel;
using PvPatch.Checking;

namespace PvPatch.Ace;

/// <summary>How often each loop of an entry may run: a lock's spin aside, a number, or a finding.</summary>
internal sealed class LoopBounds
{
    private readonly AceGraph graph;
    private readonly AceLoops loops;
    private readonly AceInterpreter interpreter;
    private readonly InstructionInfoFactory factory = new();

    private LoopBounds(AceGraph graph, AceLoops loops, AceInterpreter interpreter) =>
        (this.graph, this.loops, this.interpreter) = (graph, loops, interpreter);

    /// <summary>The rounds of each loop, in the order of <see cref="AceLoops.Natural"/>: 0 for a spin, null for no bound.</summary>
    public static IReadOnlyList<long?> Find(AceGraph graph, AceLoops loops, AceInterpreter interpreter, List<Finding> report)
    {
        var bounds = new LoopBounds(graph, loops, interpreter);
        var rounds = new List<long?>();
        foreach (AceLoop loop in loops.Natural)
        {
            long? most = bounds.IsSpin(loop) ? 0 : bounds.Count(loop);
            rounds.Add(most);
            if (most is null) report.Add(bounds.Complain(loop));
        }

        foreach ((int from, int to) in loops.Irreducible)
            report.Add(new Finding(AceRules.UnboundedLoop, graph.Nodes[from].IP, $"the loop at 0x{graph.Nodes[to].IP:x} is entered at several places"));
        return rounds;
    }

    // A spin waits for one lock: it touches nothing else, the lock decides when it ends, and it tries to take it.
    private bool IsSpin(AceLoop loop)
    {
        LockKey? key = null;
        foreach (int node in loop.Body)
        {
            foreach (UsedMemory memory in factory.GetInfo(graph.Nodes[node]).GetUsedMemory())
            {
                if (KeyAt(node, memory) is not { } mine || (key is { } other && !other.Is(mine))) return false;
                if (Transfer.Writes(memory.Access) && !Takes(node)) return false;
                key = mine;
            }
        }

        if (key is not { } spun || !Exits(loop).Any(b => Decider(b, loop) is { } decider && decider.Is(spun))) return false;
        return loops.Natural.Any(l => l.Body.IsSupersetOf(loop.Body) && l.Body.Any(n => Takes(n) && TakenKey(n) is { } taken && taken.Is(spun)));
    }

    private long? Count(AceLoop loop)
    {
        foreach (int branch in Exits(loop))
        {
            Instruction jump = graph.Nodes[branch];
            if (!loops.Dominates(branch, loop.Latch) || Counter(branch, loop) is not { } counter) continue;
            bool takenStays = loop.Body.Contains(graph.IndexOf(jump.NearBranch64));
            ConditionCode stays = jump.Mnemonic == Mnemonic.Loop ? takenStays ? ConditionCode.ne : ConditionCode.None
                : takenStays ? jump.ConditionCode : FlagsState.Negate(jump.ConditionCode);
            if (counter.Rounds(stays) is { } rounds) return rounds;
        }

        return null;
    }

    private Finding Complain(AceLoop loop)
    {
        int[] exits = [.. Exits(loop)];
        bool waits = exits.Length != 0 && exits.All(b => Decider(b, loop) is not null);
        ulong at = graph.Nodes[loop.Latch].IP, header = graph.Nodes[loop.Header].IP;
        return waits
            ? new Finding(AceRules.SpinsElsewhere, at, $"the loop from 0x{header:x} waits for memory that others change, and takes no lock by it")
            : new Finding(AceRules.UnboundedLoop, at, $"nothing proves how often the loop from 0x{header:x} runs");
    }

    private IEnumerable<int> Exits(AceLoop loop) => loop.Body.Order().Where(n =>
        graph.Nodes[n].FlowControl == FlowControl.ConditionalBranch
        && (!loop.Body.Contains(graph.IndexOf(graph.Nodes[n].NearBranch64)) || !loop.Body.Contains(graph.IndexOf(graph.Nodes[n].NextIP))));

    private LoopCounter? Counter(int branch, AceLoop loop)
    {
        bool loops1 = graph.Nodes[branch].Mnemonic == Mnemonic.Loop;
        int test = loops1 ? branch : FlagsFrom(branch, loop);
        if (test < 0) return null;
        Instruction tests = graph.Nodes[test];
        Register register = loops1 ? Register.RCX : tests.OpCount > 0 && tests.Op0Kind == OpKind.Register ? tests.Op0Register : Register.None;
        (int number, int size) = (MachineState.NumberOf(register), register.GetSize());
        if (number < 0 || size < 4) return null;
        int[] writers = [.. loop.Body.Where(n => Writes(n, number))];
        if (writers.Length != 1 || !StepsOnce(writers[0], loop) || StepOf(graph.Nodes[writers[0]], register) is not { } step) return null;
        bool own = writers[0] == test;
        if (!own && tests.Mnemonic is not (Mnemonic.Cmp or Mnemonic.Test)) return null;
        Interval limit = Interval.Of(0);
        if (tests.Mnemonic == Mnemonic.Test && tests.Op1Register != register) return null;
        if (tests.Mnemonic == Mnemonic.Cmp)
        {
            if (Limit(test, tests, loop, size) is not { } found) return null;
            limit = found;
        }

        return Init(loop, number, size) is { } init ? new LoopCounter(number, size, step, init, limit, own, own || loops.Dominates(writers[0], test)) : null;
    }

    private Interval? Limit(int node, Instruction compare, AceLoop loop, int size)
    {
        if (compare.Op1Kind == OpKind.Memory) return null;
        if (compare.Op1Kind != OpKind.Register) return Interval.Of(compare.GetImmediate(1) & Interval.Mask(size));
        int number = MachineState.NumberOf(compare.Op1Register);
        if (number < 0 || loop.Body.Any(n => Writes(n, number))) return null;
        return interpreter.Before(node).Select(s => (Interval?)s.Registers[number].Read(size)).Aggregate((Interval?)null, (a, b) => a is null ? b : a.Value.Join(b!.Value));
    }

    // Each round passes the step once: it is in no loop inside of this one, nor in another loop of the same header.
    private bool StepsOnce(int node, AceLoop loop) =>
        loops.Dominates(node, loop.Latch)
        && loops.Natural.All(l => l == loop || !l.Body.Contains(node) || (l.Header != loop.Header && l.Body.IsSupersetOf(loop.Body)));

    private static long? StepOf(Instruction step, Register register)
    {
        bool immediate = step.OpCount == 2 && step.Op1Kind is >= OpKind.Immediate8 and <= OpKind.Immediate32to64;
        if (step.Mnemonic == Mnemonic.Loop) return -1;
        if (step.OpCount == 0 || step.Op0Kind != OpKind.Register || step.Op0Register != register) return null;
        long value = immediate ? (long)step.GetImmediate(1) : 0;
        if (immediate && register.GetSize() == 4) value = (int)value;
        return step.Mnemonic switch
        {
            Mnemonic.Inc => 1,
            Mnemonic.Dec => -1,
            Mnemonic.Add when immediate && value is not 0 and > -(1 << 30) and < 1 << 30 => value,
            Mnemonic.Sub when immediate && value is not 0 and > -(1 << 30) and < 1 << 30 => -value,
            Mnemonic.Shr when immediate && value is > 0 and < 32 => 0,
            _ => null,
        };
    }

    private Interval? Init(AceLoop loop, int number, int size)
    {
        if (loop.Header == graph.Root) return Interval.Full(size);
        Interval? init = null;
        foreach (int from in graph.Predecessors[loop.Header])
        {
            if (loop.Body.Contains(from)) continue;
            if (loops.Natural.Any(l => l != loop && l.Header == loop.Header && l.Latch == from)) continue; // StepsOnce keeps these from the counter
            foreach (MachineState state in interpreter.Along(from, loop.Header))
                init = init?.Join(state.Registers[number].Read(size)) ?? state.Registers[number].Read(size);
        }

        return init;
    }

    // The memory that decides a branch, if its address stays the same in the loop.
    private LockKey? Decider(int branch, AceLoop loop)
    {
        int at = FlagsFrom(branch, loop);
        if (at < 0) return null;
        if (graph.Nodes[at].Op0Kind == OpKind.Register || !ReadsMemory(at))
        {
            if (!ReadsMemory(at))
            {
                int number = graph.Nodes[at].OpCount > 0 && graph.Nodes[at].Op0Kind == OpKind.Register ? MachineState.NumberOf(graph.Nodes[at].Op0Register) : -1;
                do at = Before(at, loop); while (at >= 0 && !(number >= 0 && Writes(at, number)));
                if (at < 0 || !ReadsMemory(at)) return null;
            }
        }

        foreach (UsedMemory memory in factory.GetInfo(graph.Nodes[at]).GetUsedMemory())
        {
            bool moves = new[] { memory.Base, memory.Index }.Any(r => r != Register.None && loop.Body.Any(n => Writes(n, MachineState.NumberOf(r))));
            if (!moves) return KeyAt(at, memory);
        }

        return null;
    }

    private bool ReadsMemory(int node) => factory.GetInfo(graph.Nodes[node]).GetUsedMemory().Any(m => m.Access != OpAccess.Write);

    private int FlagsFrom(int branch, AceLoop loop)
    {
        int at = branch;
        do at = Before(at, loop);
        while (at >= 0 && graph.Nodes[at].RflagsModified == RflagsBits.None);
        return at;
    }

    // The one instruction before this one inside the loop; the header's is none.
    private int Before(int node, AceLoop loop)
    {
        if (node == loop.Header) return -1;
        int before = -1;
        foreach (int from in graph.Predecessors[node])
        {
            if (!loop.Body.Contains(from)) continue;
            if (before >= 0) return -1;
            before = from;
        }

        return before;
    }

    private bool Writes(int node, int number)
    {
        foreach (UsedRegister used in factory.GetInfo(graph.Nodes[node]).GetUsedRegisters())
            if (Transfer.Writes(used.Access) && MachineState.NumberOf(used.Register) == number) return true;
        return false;
    }

    private bool Takes(int node) => interpreter.Before(node).All(s => LockAction.Of(graph.Nodes[node], s).Kind == LockActionKind.Take)
        && interpreter.Before(node).Any();

    private LockKey? TakenKey(int node)
    {
        foreach (UsedMemory memory in factory.GetInfo(graph.Nodes[node]).GetUsedMemory()) return KeyAt(node, memory);
        return null;
    }

    private LockKey? KeyAt(int node, UsedMemory memory)
    {
        LockKey? key = null;
        foreach (MachineState state in interpreter.Before(node))
        {
            if (Addresses.KeyOf(memory, state) is not { } mine || (key is { } other && !other.Is(mine))) return null;
            key = mine;
        }

        return key;
    }
}
