using Iced.Intel;

namespace PvPatch.Ace.Exercise;

/// <summary>The slots of the area's jump table: other ways into its entries, and sometimes into the middle of one.</summary>
internal sealed class JumpTable
{
    private const int MostSlots = 4096;

    /// <summary>Reads the slots that are in use.</summary>
    public JumpTable(AceArea area, CodeMap code)
    {
        var landings = new List<(AceEntry Entry, ulong Slot)>();
        var strays = new List<AceEntry>();
        ulong slot = area.TableStart;
        for (int i = 0; i < MostSlots && area.Contains(slot) && slot < area.TableEnd; i++, slot += AceArea.SlotSize)
        {
            Instruction instruction = code.At(slot).Decoded;
            if (instruction.Mnemonic == Mnemonic.Int3) continue; // fill: a free slot
            AceEntry? entry = instruction.FlowControl == FlowControl.UnconditionalBranch
                ? area.Entries.FirstOrDefault(e => e.Address == instruction.NearBranchTarget)
                : null;
            if (entry is null) strays.Add(new AceEntry($"slot {i}", slot));
            else landings.Add((entry, slot));
        }

        (Landings, Strays) = (landings, strays);
    }

    /// <summary>Slots that land on an entry.</summary>
    public IReadOnlyList<(AceEntry Entry, ulong Slot)> Landings { get; }

    /// <summary>Slots that land elsewhere, as entries of their own: somebody may call them.</summary>
    public IReadOnlyList<AceEntry> Strays { get; }
}
