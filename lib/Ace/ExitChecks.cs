using Iced.Intel;
using PvPatch.Checking;
using PvPatch.X86;

namespace PvPatch.Ace;

/// <summary>The r11 convention: every way out of the area is <c>jmp *%r11</c>; and every byte reached is an instruction.</summary>
internal static class ExitChecks
{
    /// <summary>Checks the edges and leaving instructions of an entry.</summary>
    public static IEnumerable<Finding> Check(AceGraph graph, AceCode code, AceImage image)
    {
        foreach (AceLeak leak in graph.Leaks)
        {
            yield return leak.Kind switch
            {
                AceLeakKind.OutOfArea => new Finding(AceRules.WrongExit, leak.From, $"control goes to 0x{leak.To:x} ({image.Describe(leak.To)}), outside of the area"),
                AceLeakKind.OffTheEnd => new Finding(AceRules.FallsOff, leak.From,
                    leak.To == code.Area.End ? "control runs over the area's end" : $"control runs into the fill at 0x{leak.To:x}"),
                _ => new Finding(AceRules.Undecodable, leak.To, $"{Convert.ToHexStringLower(Bytes(code, leak.To))} is no instruction, and control comes here from 0x{leak.From:x}"),
            };
        }

        foreach (Instruction instruction in graph.Nodes)
            if (IsWrongExit(instruction))
                yield return new Finding(AceRules.WrongExit, instruction.IP, Describe(instruction));
    }

    /// <summary>Whether an instruction transfers control in a way that the area must not.</summary>
    public static bool IsWrongExit(in Instruction instruction)
    {
        if (instruction.IsPrivileged) return false;
        switch (instruction.FlowControl)
        {
            case FlowControl.Return:
            case FlowControl.IndirectCall:
                return true;
            case FlowControl.Call:
                return instruction.Op0Kind == OpKind.NearBranch64 || instruction.IsCallFar; // syscall and its like are PV2021
            case FlowControl.IndirectBranch:
                return !AceGraph.IsExit(instruction);
            case FlowControl.UnconditionalBranch:
                return instruction.Op0Kind != OpKind.NearBranch64;
            default:
                return false;
        }
    }

    /// <summary>Instructions that begin inside others.</summary>
    public static IEnumerable<Finding> Overlaps(IReadOnlyCollection<Instruction> reachable)
    {
        Instruction last = default;
        foreach (Instruction instruction in reachable.OrderBy(i => i.IP))
        {
            if (last.Length != 0 && instruction.IP < last.NextIP)
                yield return new Finding(AceRules.Undecodable, instruction.IP, $"its bytes are part of the instruction at 0x{last.IP:x} as well");
            last = instruction;
        }
    }

    private static ReadOnlySpan<byte> Bytes(AceCode code, ulong address)
    {
        ReadOnlySpan<byte> rest = code.Bytes[(int)(address - code.Area.Start)..];
        return rest[..Math.Min(rest.Length, 8)];
    }

    private static string Describe(in Instruction instruction) => instruction.FlowControl switch
    {
        FlowControl.Return => "it returns by the stack",
        FlowControl.Call or FlowControl.IndirectCall => "it calls",
        _ => "it jumps to where another register or memory says",
    };
}
