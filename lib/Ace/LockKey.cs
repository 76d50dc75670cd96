namespace PvPatch.Ace;

/// <summary>Which lock: its address where that is one, otherwise the expression that names it.</summary>
/// <param name="Where">All addresses it may have.</param>
/// <param name="BaseId">The value in the base register; 0 for none, negative for one that is not known any more.</param>
/// <param name="IndexId">The value in the index register, likewise.</param>
/// <param name="Scale">Of the index.</param>
/// <param name="Displacement">Added to both.</param>
internal readonly record struct LockKey(Interval Where, int BaseId, int IndexId, int Scale, ulong Displacement)
{
    private const ulong Size = 4;

    /// <summary>A lock at one address.</summary>
    public static LockKey At(ulong address) => new(Interval.Of(address), 0, 0, 0, 0);

    /// <summary>Whether both are surely one lock.</summary>
    public bool Is(LockKey other) =>
        Where.IsConstant && other.Where.IsConstant ? Where == other.Where
        : BaseId >= 0 && IndexId >= 0 && (BaseId, IndexId, Scale, Displacement) == (other.BaseId, other.IndexId, other.Scale, other.Displacement)
            && (BaseId | IndexId) != 0;

    /// <summary>Whether some bytes may be of this lock.</summary>
    public bool MayOverlap(Interval bytes) => bytes.Lo <= Where.Hi + Size - 1 && Where.Lo <= bytes.Hi;

    /// <summary>The same lock after a value was replaced by another.</summary>
    public LockKey Forget(int id) => this with { BaseId = BaseId == id ? -1 : BaseId, IndexId = IndexId == id ? -1 : IndexId };
}
