using PvPatch.Checking;

namespace PvPatch.Ace;

/// <summary>The registers that a routine keeps for its caller (psABI: rbx, rbp, r12 to r15).</summary>
internal static class SavedRegisters
{
    private static readonly (int Number, string Name)[] Kept = [(3, "rbx"), (5, "rbp"), (12, "r12"), (13, "r13"), (14, "r14"), (15, "r15")];

    /// <summary>Checks them where a routine returns.</summary>
    public static void Check(MachineState state, ulong at, List<Finding> report)
    {
        foreach ((int number, string name) in Kept)
            if (state.Registers[number].Id != number + 1)
                report.Add(new Finding(AceRules.CalleeSaved, at, $"it returns with another {name} than it was entered with"));
    }
}
