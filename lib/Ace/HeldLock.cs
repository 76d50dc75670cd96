namespace PvPatch.Ace;

/// <summary>A lock that is held, and those taken before it; a record, so that equal stacks are equal.</summary>
/// <param name="Key">The lock.</param>
/// <param name="At">The instruction that took it.</param>
/// <param name="Below">What was held before.</param>
internal sealed record HeldLock(LockKey Key, ulong At, HeldLock? Below)
{
    /// <summary>This one and those below it.</summary>
    public IEnumerable<HeldLock> All()
    {
        for (HeldLock? held = this; held is not null; held = held.Below) yield return held;
    }

    /// <summary>The same locks after a value was replaced by another.</summary>
    public HeldLock Forget(int id)
    {
        (LockKey key, HeldLock? below) = (Key.Forget(id), Below?.Forget(id));
        return key == Key && below == Below ? this : new HeldLock(key, At, below);
    }
}
