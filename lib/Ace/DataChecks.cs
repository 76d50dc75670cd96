using Iced.Intel;
using PvPatch.Checking;

namespace PvPatch.Ace;

/// <summary>Privilege: every memory operand lies in the area's data, whatever the caller passed.</summary>
internal static class DataChecks
{
    /// <summary>Checks one instruction in one state.</summary>
    public static void Check(
        in Instruction instruction, in InstructionInfo info, MachineState state, AceArea area, AceImage image, List<Finding> report)
    {
        if (ResumeChecks.IsForbidden(instruction) || (instruction.FlowControl != FlowControl.Next && !AceGraph.IsExit(instruction))) return;
        if (Addresses.Repeats(instruction) && state.Registers[1].Whole.Hi > Addresses.MostRepeats)
        {
            report.Add(new Finding(AceRules.UnboundedString, instruction.IP, $"rcx, the number of repeats, is up to 0x{state.Registers[1].Whole.Hi:x}"));
            return;
        }

        foreach (UsedMemory memory in info.GetUsedMemory())
        {
            if (memory.Access == OpAccess.NoMemAccess || ResumeChecks.IsFrame(memory, state)) continue;
            if (Addresses.Touched(instruction, memory, state) is { } bytes && Addresses.InData(bytes, area)) continue;
            report.Add(new Finding(AceRules.OutsideData, instruction.IP, Describe(instruction, memory, state, area, image)));
        }
    }

    private static string Describe(in Instruction instruction, in UsedMemory memory, MachineState state, AceArea area, AceImage image)
    {
        string what = Transfer.Writes(memory.Access) ? "write" : "read";
        if (memory.Segment is Register.FS or Register.GS) return $"the {what} is relative to {memory.Segment.ToString().ToLowerInvariant()}, which the kernel changes";
        if (area.DataEnd == area.DataStart) return $"the {what} is in no ACE data: the image has none";
        if (Addresses.Touched(instruction, memory, state) is not { } bytes) return $"nothing bounds where the {what} goes";
        string data = $"the data is 0x{area.DataStart:x}…0x{area.DataEnd - 1:x}";
        return Addresses.Of(memory, state) is { IsConstant: true, Lo: var at }
            ? $"the {what} is at 0x{at:x} ({image.Describe(at)}); {data}"
            : $"the {what} may go to 0x{bytes.Lo:x}…0x{bytes.Hi:x}; {data}";
    }
}
