namespace PvPatch.Ace;

/// <summary>The atomic code area of an image, half-open ranges all: code that completes before any interrupt is handled.</summary>
/// <param name="Start">First byte of the area (<c>__ace_start</c>).</param>
/// <param name="End">After its last byte.</param>
/// <param name="DataStart">First byte of the area's data (<c>__ace_data_start</c>); zero for none.</param>
/// <param name="DataEnd">After its last byte.</param>
/// <param name="TableStart">First slot of the jump table; zero for none.</param>
/// <param name="TableEnd">After its last slot.</param>
/// <param name="Entries">The routines, ascending by address.</param>
public sealed record AceArea(
    ulong Start, ulong End, ulong DataStart, ulong DataEnd, ulong TableStart, ulong TableEnd, IReadOnlyList<AceEntry> Entries)
{
    /// <summary>Bytes from one jump-table slot to the next.</summary>
    public const int SlotSize = 16;

    /// <summary>Whether an address is in the area.</summary>
    public bool Contains(ulong address) => address >= Start && address < End;
}
