namespace PvPatch.Ace.Exercise;

/// <summary>Whether a run came back as a call must.</summary>
internal sealed class EndCheck(Arena arena)
{
    private StateGraph Graph => arena.Graph;

    /// <summary>Whether the run from a node comes back to an address with everything kept that a call keeps.</summary>
    /// <param name="node">Where the run begins or goes on.</param>
    /// <param name="comeBack">Where it must come back to.</param>
    /// <param name="stack">The stack pointer that it must keep.</param>
    /// <param name="call">The call's registers when it began.</param>
    public bool IsGood(int node, ulong comeBack, ulong stack, in Context call)
    {
        ref readonly Node run = ref Graph.Finish(node);
        if (run.EndKind != EndKind.Returned) return false;
        ref readonly Context end = ref Graph.ContextOf(run.End);
        return end[Context.Rip] == comeBack && end[Context.Rsp] == stack && (end[Context.Flags] & Context.Direction) == 0 && Keeps(call, end);
    }

    /// <summary>Whether two runs of a call have the same results: rax, rdx, and what is kept.</summary>
    public bool SameResults(int one, int other)
    {
        ref readonly Context a = ref Graph.ContextOf(one);
        ref readonly Context b = ref Graph.ContextOf(other);
        return a[Context.Rax] == b[Context.Rax] && a[Context.Rdx] == b[Context.Rdx] && Keeps(a, b);
    }

    /// <summary>Puts into words why a run is not good.</summary>
    public Verdict Explain(int node, ulong comeBack, ulong stack, in Context call)
    {
        Node run = Graph.Finish(node);
        Context end = Graph.ContextOf(run.End);
        ulong at = end[Context.Rip];
        Wording words = arena.Words;
        switch (run.EndKind)
        {
            case EndKind.Failed:
                StepFault fault = Graph.FaultOf(run.End);
                return new Verdict(
                    fault.Kind, fault.Address, $"{words.Instruction(fault.Address)} {fault.Reason}", "the routine comes back by jmp *%r11", fault.Reason);
            case EndKind.Spins:
                return new Verdict(ExerciseFailureKind.Deadlock, at, $"spins for ever at {words.Place(at)}", "the routine comes back", words.SpinsOn(run.End));
            case EndKind.Runaway:
                return new Verdict(
                    ExerciseFailureKind.Runaway, at, $"has not come back after {arena.Options.StepBound:n0} instructions", "the routine comes back", $"still at {words.Place(at)}");
        }

        if (at != comeBack)
        {
            return new Verdict(
                ExerciseFailureKind.ComesBackElsewhere, LastInstruction(node), "comes back elsewhere than to where r11 pointed",
                $"back at {Name(comeBack)}", $"back at {Name(at)}");
        }

        string expected = "every callee-saved register kept", found = string.Empty;
        foreach (byte register in Context.Kept)
            if (end[register] != call[register]) found += $"{Context.NameOf(register)} is 0x{end[register]:x} instead of 0x{call[register]:x}; ";
        if (end[Context.Rsp] != stack) found += $"rsp is 0x{end[Context.Rsp]:x} instead of 0x{stack:x}; ";
        if ((end[Context.Flags] & Context.Direction) != 0) found += "the direction flag is set; ";
        return new Verdict(ExerciseFailureKind.Registers, LastInstruction(node), "does not keep a register that a call keeps", expected, found.TrimEnd(' ', ';'));
    }

    /// <summary>An address outside of the area, as a reader knows it.</summary>
    public string Name(ulong address)
    {
        Sentinels known = arena.Sentinels;
        return address == known.Caller(0) ? "the caller"
            : address == known.Caller(1) ? "the caller on cpu1"
            : address == known.Handler(0) ? "the handler"
            : address == known.Handler(1) ? "the nested handler"
            : address == known.HandlersCall ? "the handler's call"
            : $"0x{address:x}";
    }

    private static bool Keeps(in Context one, in Context other)
    {
        foreach (byte register in Context.Kept)
            if (one[register] != other[register]) return false;
        return true;
    }

    private ulong LastInstruction(int node)
    {
        int last = node;
        for (int next = Graph.Next(node); next >= 0; next = Graph.Next(next))
            if (Graph.Next(next) >= 0) last = next;
        return Graph.ContextOf(last)[Context.Rip];
    }
}
