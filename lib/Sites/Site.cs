using PvPatch.Kernel;

namespace PvPatch.Sites;

/// <summary>One place that the kernel may patch.</summary>
/// <param name="Address">Virtual address of the first byte.</param>
/// <param name="Length">Bytes that belong to it.</param>
/// <param name="Kind">Which table names it.</param>
/// <param name="Record">Virtual address of the record that does; for a trampoline, of the trampoline.</param>
public readonly record struct Site(ulong Address, int Length, SiteKind Kind, ulong Record)
{
    /// <summary>The address after the last byte.</summary>
    public ulong End => Address + (ulong)Length;
}
