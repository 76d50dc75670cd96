using Iced.Intel;
using PvPatch.Checking;

namespace PvPatch.Ace;

/// <summary>Resumability: what an instruction must not be, whatever the registers hold.</summary>
internal static class ResumeChecks
{
    private const int Rbp = 5;

    /// <summary>Checks one instruction; one that is forbidden as such is not looked into further.</summary>
    public static IEnumerable<Finding> Check(Instruction instruction, InstructionInfo info)
    {
        ulong at = instruction.IP;
        if (ExitChecks.IsWrongExit(instruction)) yield break;
        if (IsPrivileged(instruction))
        {
            yield return new Finding(AceRules.Privileged, at, "it is privileged, waits, enters the kernel or serialises the processor");
            yield break;
        }

        if (IsTrap(instruction, info))
        {
            yield return new Finding(AceRules.Traps, at, Why(instruction));
            yield break;
        }

        if (info.GetUsedRegisters().Any(u => u.Register.IsGPR() && u.Register.GetFullRegister() == Register.RSP)
            || info.GetUsedMemory().Any(m => m.Base == Register.RSP))
            yield return new Finding(AceRules.UsesStack, at, "it uses rsp");
        if ((instruction.RflagsModified & RflagsBits.DF) != RflagsBits.None && !instruction.IsStackInstruction)
            yield return new Finding(AceRules.DirectionFlag, at, "it changes DF");
        if (info.GetUsedRegisters().Any(u => u.Register.IsGPR() && u.Register.GetFullRegister() == Register.R11 && Transfer.Writes(u.Access)))
            yield return new Finding(AceRules.WritesR11, at, "r11 is the way back, to the caller or to the interrupt");
    }

    /// <summary>Whether an operand is off a frame pointer: rbp, as the caller left it.</summary>
    public static bool IsFrame(in UsedMemory memory, MachineState state) =>
        memory.Base == Register.RSP || (memory.Base == Register.RBP && state.Registers[Rbp].Id == Rbp + 1);

    /// <summary>Reports operands off a frame pointer.</summary>
    public static void CheckFrame(in Instruction instruction, in InstructionInfo info, MachineState state, List<Finding> report)
    {
        foreach (UsedMemory memory in info.GetUsedMemory())
            if (memory.Base == Register.RBP && IsFrame(memory, state) && instruction.FlowControl == FlowControl.Next)
                report.Add(new Finding(AceRules.UsesStack, instruction.IP, "its operand is in the caller's frame"));
    }

    /// <summary>Whether an instruction is a finding already, whatever its operands.</summary>
    public static bool IsForbidden(in Instruction instruction) =>
        IsPrivileged(instruction) || instruction.Mnemonic is Mnemonic.Div or Mnemonic.Idiv || instruction.FlowControl is FlowControl.Exception;

    private static bool IsPrivileged(in Instruction instruction)
    {
        if (instruction.IsPrivileged || instruction.Mnemonic == Mnemonic.Int) return true;
        if (instruction.OpCount > 0 && instruction.Op0Kind == OpKind.Register && (instruction.Op0Register.IsSegmentRegister()
            || instruction.Op0Register.IsCR() || instruction.Op0Register.IsDR())) return true;
        return instruction.Mnemonic is Mnemonic.Syscall or Mnemonic.Sysenter or Mnemonic.Cpuid or Mnemonic.Serialize
            or Mnemonic.Vmcall or Mnemonic.Vmmcall or Mnemonic.Vmgexit or Mnemonic.Vmfunc or Mnemonic.Enclu or Mnemonic.Tdcall or Mnemonic.Seamcall
            or Mnemonic.Hlt or Mnemonic.Monitor or Mnemonic.Mwait or Mnemonic.Monitorx or Mnemonic.Mwaitx
            or Mnemonic.Umonitor or Mnemonic.Umwait or Mnemonic.Tpause
            or Mnemonic.Rdtsc or Mnemonic.Rdtscp or Mnemonic.Rdpmc or Mnemonic.Rdpid
            or Mnemonic.Wrfsbase or Mnemonic.Wrgsbase or Mnemonic.Rdfsbase or Mnemonic.Rdgsbase or Mnemonic.Wrpkru
            or Mnemonic.Sgdt or Mnemonic.Sidt or Mnemonic.Sldt or Mnemonic.Str or Mnemonic.Smsw
            or Mnemonic.Xbegin or Mnemonic.Xend or Mnemonic.Xabort
            or Mnemonic.Clui or Mnemonic.Stui or Mnemonic.Senduipi or Mnemonic.Testui
            or Mnemonic.Lfs or Mnemonic.Lgs or Mnemonic.Lss
            or Mnemonic.In or Mnemonic.Out or Mnemonic.Insb or Mnemonic.Insw or Mnemonic.Insd or Mnemonic.Outsb or Mnemonic.Outsw or Mnemonic.Outsd
            or Mnemonic.Cli or Mnemonic.Sti;
    }

    private static bool IsTrap(in Instruction instruction, InstructionInfo info)
    {
        if (instruction.FlowControl is FlowControl.Exception or FlowControl.Interrupt) return true;
        if (instruction.Mnemonic is Mnemonic.Div or Mnemonic.Idiv) return true;
        foreach (UsedRegister used in info.GetUsedRegisters())
            if (IsVector(used.Register)) return true;
        return instruction.Encoding != EncodingKind.Legacy && !info.GetUsedRegisters().All(u => u.Register.IsGPR()) || IsX87(instruction);
    }

    private static bool IsVector(Register register) =>
        register.IsVectorRegister() || register.IsMM() || register.IsST() || register.IsK() || register.IsTMM() || register.IsBND();

    private static bool IsX87(in Instruction instruction) =>
        instruction.Code.CpuidFeatures().Any(f => f is CpuidFeature.FPU or CpuidFeature.MMX or CpuidFeature.FPU287 or CpuidFeature.FPU387 or CpuidFeature.FXSR or CpuidFeature.XSAVE);

    private static string Why(in Instruction instruction) =>
        instruction.Mnemonic is Mnemonic.Div or Mnemonic.Idiv ? "a divisor of zero faults, as does a quotient that is too large"
        : instruction.FlowControl is FlowControl.Exception or FlowControl.Interrupt ? "it traps"
        : "the kernel may have the registers of FPU and vectors disabled or in use";
}
