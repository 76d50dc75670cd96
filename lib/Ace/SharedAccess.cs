namespace PvPatch.Ace;

/// <summary>One instruction that touches the area's data.</summary>
/// <param name="At">The instruction.</param>
/// <param name="Bytes">The first and last byte it may touch.</param>
/// <param name="Writes">Whether it writes.</param>
/// <param name="IsAlone">Whether the processor does it at once, and its routine touches nothing else.</param>
/// <param name="Locks">The addresses of the locks surely held, ascending.</param>
internal sealed record SharedAccess(ulong At, Interval Bytes, bool Writes, bool IsAlone, IReadOnlyList<ulong> Locks);
