using Iced.Intel;

namespace PvPatch.Ace;

/// <summary>Registers and flags that are read before they are written: a bit for each register, then one for the flags.</summary>
internal static class AceLiveness
{
    /// <summary>The bit of the flags.</summary>
    public const int Flags = 1 << 16;

    /// <summary>The flags that compares and arithmetic set, and the direction.</summary>
    public const RflagsBits Arithmetic = RflagsBits.OF | RflagsBits.SF | RflagsBits.ZF | RflagsBits.AF | RflagsBits.CF | RflagsBits.PF;

    /// <summary>What one instruction reads, and what it surely writes.</summary>
    public static (int Reads, int Writes) Of(in Instruction instruction, in InstructionInfo info)
    {
        (int reads, int writes) = (0, 0);
        foreach (UsedRegister used in info.GetUsedRegisters())
        {
            int number = MachineState.NumberOf(used.Register);
            if (number < 0) continue;
            if (used.Access is not (OpAccess.Write or OpAccess.CondWrite or OpAccess.NoMemAccess)) reads |= 1 << number;
            if (used.Access is OpAccess.Write && used.Register.GetSize() >= 4) writes |= 1 << number;
        }

        if ((instruction.RflagsRead & Arithmetic) != RflagsBits.None) reads |= Flags;
        else if ((instruction.RflagsModified & (RflagsBits.CF | RflagsBits.ZF)) == (RflagsBits.CF | RflagsBits.ZF)) writes |= Flags;
        return (reads, writes);
    }

    /// <summary>What is live before each instruction of an entry.</summary>
    public static int[] Before(AceGraph graph)
    {
        var factory = new InstructionInfoFactory();
        (int Reads, int Writes)[] own = [.. graph.Nodes.Select(n => Of(n, factory.GetInfo(n)))];
        int[] live = new int[own.Length];
        for (bool changed = true; changed;)
        {
            changed = false;
            for (int i = own.Length - 1; i >= 0; i--)
            {
                int after = 0;
                foreach (int next in graph.Successors[i]) after |= live[next];
                int before = own[i].Reads | (after & ~own[i].Writes);
                changed |= before != live[i];
                live[i] = before;
            }
        }

        return live;
    }

    /// <summary>What an entry writes on some path.</summary>
    public static int Written(AceGraph graph)
    {
        var factory = new InstructionInfoFactory();
        return graph.Nodes.Aggregate(0, (mask, n) => mask | Of(n, factory.GetInfo(n)).Writes);
    }
}
