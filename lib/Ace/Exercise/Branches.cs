using Iced.Intel;

namespace PvPatch.Ace.Exercise;

/// <summary>Direct branches, followed here: the emulator would translate what they lead to, judged or not.</summary>
internal static class Branches
{
    private const ulong Carry = 0x1, Parity = 0x4, Zero = 0x40, Sign = 0x80, Overflow = 0x800;

    /// <summary>Runs a near branch with its target in it.</summary>
    public static void Follow(in Instruction branch, ref Context context) =>
        context[Context.Rip] = Takes(branch, ref context) ? branch.NearBranch64 : branch.NextIP;

    private static bool Takes(in Instruction branch, ref Context context)
    {
        ulong flags = context[Context.Flags];
        bool narrow = branch.Code is Code.Jecxz_rel8_64 or Code.Loop_rel8_64_ECX or Code.Loope_rel8_64_ECX or Code.Loopne_rel8_64_ECX;
        ulong mask = narrow ? uint.MaxValue : ulong.MaxValue;
        switch (branch.Mnemonic)
        {
            case Mnemonic.Jmp: return true;
            case Mnemonic.Jecxz or Mnemonic.Jrcxz: return (context[Context.Rcx] & mask) == 0;
            case Mnemonic.Loop or Mnemonic.Loope or Mnemonic.Loopne:
                ulong count = context[Context.Rcx] = (context[Context.Rcx] - 1) & mask; // 32 bits clear the rest, as ever
                return count != 0 && (branch.Mnemonic == Mnemonic.Loop || (flags & Zero) != 0 == (branch.Mnemonic == Mnemonic.Loope));
        }

        bool signed = (flags & Sign) != 0 != ((flags & Overflow) != 0);
        return branch.ConditionCode switch
        {
            ConditionCode.o => (flags & Overflow) != 0,
            ConditionCode.no => (flags & Overflow) == 0,
            ConditionCode.b => (flags & Carry) != 0,
            ConditionCode.ae => (flags & Carry) == 0,
            ConditionCode.e => (flags & Zero) != 0,
            ConditionCode.ne => (flags & Zero) == 0,
            ConditionCode.be => (flags & (Carry | Zero)) != 0,
            ConditionCode.a => (flags & (Carry | Zero)) == 0,
            ConditionCode.s => (flags & Sign) != 0,
            ConditionCode.ns => (flags & Sign) == 0,
            ConditionCode.p => (flags & Parity) != 0,
            ConditionCode.np => (flags & Parity) == 0,
            ConditionCode.l => signed,
            ConditionCode.ge => !signed,
            ConditionCode.le => signed || (flags & Zero) != 0,
            ConditionCode.g => !signed && (flags & Zero) == 0,
            _ => throw new InvalidOperationException($"{branch.Code} is no branch that is let through"),
        };
    }
}
