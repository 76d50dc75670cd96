using Iced.Intel;

namespace PvPatch.Ace.Exercise;

/// <summary>The area's instructions, decoded when they are first reached and judged before the emulator sees them.</summary>
/// <remarks>Only instructions of the general registers are let through: an emulator fed with anything may end the process.</remarks>
internal sealed class CodeMap(AceArea area, AreaMemory memory)
{
    private readonly Dictionary<ulong, CodeInstruction> known = [];
    private readonly InstructionInfoFactory facts = new();

    /// <summary>The instruction at an address inside the area.</summary>
    public CodeInstruction At(ulong address)
    {
        if (known.TryGetValue(address, out CodeInstruction? found)) return found;
        int from = (int)(address - memory.CodeStart), to = (int)(area.End - memory.CodeStart);
        var decoder = Decoder.Create(64, new ByteArrayCodeReader(memory.Code, from, to - from), address);
        CodeInstruction judged = Judge(decoder.Decode());
        known.Add(address, judged);
        return judged;
    }

    /// <summary>The bytes of an instruction.</summary>
    public ReadOnlySpan<byte> BytesOf(CodeInstruction instruction) =>
        memory.Code.AsSpan((int)(instruction.Decoded.IP - memory.CodeStart), Math.Max(1, instruction.Decoded.Length));

    private CodeInstruction Judge(in Instruction instruction)
    {
        bool returns = instruction.Code == Code.Jmp_rm64 && instruction.Op0Register == Register.R11;
        (ExerciseFailureKind kind, string? refusal) = returns ? default : Refuse(instruction);
        bool locked = instruction.HasLockPrefix, reads = false, writes = false;
        if (refusal is null && !returns)
        {
            InstructionInfo info = facts.GetInfo(instruction);
            locked |= instruction.Mnemonic == Mnemonic.Xchg && info.GetUsedMemory().GetEnumerator().MoveNext();
            foreach (UsedMemory used in info.GetUsedMemory())
            {
                reads |= used.Access is OpAccess.Read or OpAccess.CondRead or OpAccess.ReadWrite or OpAccess.ReadCondWrite;
                writes |= used.Access is OpAccess.Write or OpAccess.CondWrite or OpAccess.ReadWrite or OpAccess.ReadCondWrite;
            }
        }

        return new CodeInstruction(instruction, returns, refusal, kind, locked, reads && writes && !locked);
    }

    private (ExerciseFailureKind Kind, string? Refusal) Refuse(in Instruction instruction)
    {
        if (instruction.IsInvalid) return (ExerciseFailureKind.Instruction, "does not decode");
        switch (instruction.FlowControl)
        {
            case FlowControl.Next or FlowControl.ConditionalBranch or FlowControl.UnconditionalBranch:
                break;
            case FlowControl.Interrupt or FlowControl.Exception:
                return (ExerciseFailureKind.Instruction, "traps or enters the kernel");
            default:
                return (ExerciseFailureKind.Leaves, "leaves the area, but not by jmp *%r11");
        }

        if (instruction.FlowControl != FlowControl.Next && instruction.Op0Kind != OpKind.NearBranch64)
            return (ExerciseFailureKind.Leaves, "leaves the area, but not by jmp *%r11");
        if (instruction.FlowControl == FlowControl.UnconditionalBranch && !area.Contains(instruction.NearBranch64))
            return (ExerciseFailureKind.Leaves, "leaves the area by a direct branch");
        if (instruction.IsPrivileged) return (ExerciseFailureKind.Instruction, "is privileged");
        if (instruction.HasXacquirePrefix || instruction.HasXreleasePrefix) return (ExerciseFailureKind.Instruction, "elides a lock");
        foreach (CpuidFeature feature in instruction.CpuidFeatures)
            if (!IsPlain(feature)) return (ExerciseFailureKind.Instruction, $"needs {feature}, which is not exercised");
        if (instruction.Mnemonic is Mnemonic.Popf or Mnemonic.Popfd or Mnemonic.Popfq or Mnemonic.Ldmxcsr or Mnemonic.Stmxcsr)
            return (ExerciseFailureKind.Instruction, "changes more than general registers");
        if (instruction.Mnemonic is Mnemonic.In or Mnemonic.Out or Mnemonic.Cli or Mnemonic.Sti
            or Mnemonic.Insb or Mnemonic.Insw or Mnemonic.Insd or Mnemonic.Outsb or Mnemonic.Outsw or Mnemonic.Outsd)
            return (ExerciseFailureKind.Instruction, "is privileged");
        foreach (UsedRegister used in facts.GetInfo(instruction).GetUsedRegisters())
            if (!used.Register.IsGPR()) return (ExerciseFailureKind.Instruction, $"uses %{used.Register.ToString().ToLowerInvariant()}, which an interrupt entry does not keep");
        return default;
    }

    // What runs on general registers and depends on nothing else: the same state always gives the same next one.
    private static bool IsPlain(CpuidFeature feature) => feature
        is CpuidFeature.INTEL8086 or CpuidFeature.INTEL186 or CpuidFeature.INTEL386
        or CpuidFeature.INTEL486 or CpuidFeature.X64 or CpuidFeature.CMOV or CpuidFeature.CX8 or CpuidFeature.CMPXCHG16B
        or CpuidFeature.MULTIBYTENOP or CpuidFeature.PAUSE or CpuidFeature.BMI1 or CpuidFeature.BMI2 or CpuidFeature.POPCNT
        or CpuidFeature.LZCNT or CpuidFeature.MOVBE or CpuidFeature.SSE2 or CpuidFeature.SSE or CpuidFeature.CET_IBT;
}
