namespace PvPatch.Ace;

/// <summary>What is known of an area's locks as a whole.</summary>
internal sealed class LockBook
{
    /// <summary>Every lock that some routine takes.</summary>
    public HashSet<LockKey> Known { get; } = [];

    /// <summary>Every pair taken one inside the other, and where.</summary>
    public SortedDictionary<(ulong Outer, ulong Inner), ulong> Nested { get; } = [];

    /// <summary>A lock is taken while others are held.</summary>
    public void NoteOrder(LockKey key, HeldLock? held, ulong at)
    {
        for (HeldLock? outer = held; outer is not null; outer = outer.Below)
            Nested.TryAdd((outer.Key.Where.Lo, key.Where.Lo), at);
    }
}
