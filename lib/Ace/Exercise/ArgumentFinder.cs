using Iced.Intel;

namespace PvPatch.Ace.Exercise;

/// <summary>Derives calls worth trying from an entry's code: which argument registers it reads, and what it compares with.</summary>
internal sealed class ArgumentFinder(AceArea area, CodeMap code)
{
    private const int MaxVisited = 4096;
    private readonly InstructionInfoFactory facts = new();

    /// <summary>Calls of an entry, plain values first.</summary>
    public IReadOnlyList<Call> Find(AceEntry entry, int most)
    {
        (List<int> registers, SortedSet<ulong> limits) = Read(entry);
        var values = new List<ulong> { 0, 1, 2 };
        foreach (ulong limit in limits)
            foreach (ulong value in (ReadOnlySpan<ulong>)[limit - 1, limit])
                if (!values.Contains(value)) values.Add(value);
        foreach (ulong value in (ReadOnlySpan<ulong>)[ulong.MaxValue, 3, 1ul << 32])
            if (!values.Contains(value)) values.Add(value);
        return [.. Combine(registers.Count, values.Count, most).Select(c => new Call(
            entry, entry.Address, [.. registers.Select((r, i) => (r, values[c[i]]))]))];
    }

    // Choices of one value for each register, those whose places in the list add up to least first.
    private static List<int[]> Combine(int registers, int values, int most)
    {
        var found = new List<int[]>();
        for (int sum = 0; sum <= registers * (values - 1) && found.Count < most; sum++) Extend(new int[registers], 0, sum);
        return found;

        void Extend(int[] choice, int at, int left)
        {
            if (found.Count >= most) return;
            if (at == registers)
            {
                if (left == 0) found.Add([.. choice]);
                return;
            }

            for (int value = Math.Max(0, left - ((registers - at - 1) * (values - 1))); value < values && value <= left; value++)
            {
                choice[at] = value;
                Extend(choice, at + 1, left - value);
            }
        }
    }

    private (List<int> Registers, SortedSet<ulong> Limits) Read(AceEntry entry)
    {
        var read = new SortedSet<int>();
        var limits = new SortedSet<ulong>();
        var visited = new HashSet<(ulong, int)>();
        var work = new Stack<(ulong Address, int Written)>([(entry.Address, 0)]);
        while (work.TryPop(out (ulong Address, int Written) at))
        {
            if (!area.Contains(at.Address) || visited.Count > MaxVisited || !visited.Add(at)) continue;
            CodeInstruction instruction = code.At(at.Address);
            if (instruction.Returns || instruction.Refusal is not null) continue;
            int written = NoteRegisters(instruction.Decoded, at.Written, read);
            NoteLimits(instruction.Decoded, limits);
            if (instruction.Decoded.FlowControl != FlowControl.Next) work.Push((instruction.Decoded.NearBranch64, written));
            if (instruction.Decoded.FlowControl != FlowControl.UnconditionalBranch) work.Push((instruction.Decoded.NextIP, written));
        }

        return ([.. read.Select(i => (int)Context.Arguments[i])], limits);
    }

    private int NoteRegisters(in Instruction instruction, int written, SortedSet<int> read)
    {
        int now = written;
        bool clears = instruction.Mnemonic is Mnemonic.Xor or Mnemonic.Sub && instruction.Op1Kind == OpKind.Register && instruction.Op0Register == instruction.Op1Register;
        foreach (UsedRegister used in facts.GetInfo(instruction).GetUsedRegisters())
        {
            int argument = Context.Arguments.IndexOf((byte)(used.Register.GetFullRegister() - Register.RAX));
            if (argument < 0) continue;
            bool reads = used.Access is not (OpAccess.Write or OpAccess.CondWrite) && !clears;
            if (reads && (written & (1 << argument)) == 0) read.Add(argument);
            if (used.Access is OpAccess.Write or OpAccess.ReadWrite && used.Register.GetSize() >= 4) now |= 1 << argument;
        }

        return now;
    }

    // An index is compared with how many there are, a pointer with where the data ends.
    private void NoteLimits(in Instruction instruction, SortedSet<ulong> limits)
    {
        if (instruction.Mnemonic == Mnemonic.Cmp && instruction.OpCount == 2 && instruction.Op1Kind is not (OpKind.Register or OpKind.Memory))
        {
            ulong limit = instruction.GetImmediate(1);
            if ((long)limit > 0) limits.Add(limit);
        }
        else if (instruction.Mnemonic == Mnemonic.Cmp && instruction is { Op0Kind: OpKind.Register, Op1Kind: OpKind.Register } && area.DataEnd != area.DataStart)
        {
            limits.Add(area.DataStart + 1);
            limits.Add(area.DataEnd);
        }
    }
}
