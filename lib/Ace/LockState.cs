namespace PvPatch.Ace;

/// <summary>The locks at one point of a path: paths that differ in them are followed apart.</summary>
/// <param name="Held">The locks held, last taken first.</param>
/// <param name="Attempt">An attempt whose outcome is not known yet.</param>
/// <param name="Busy">The lock that the last attempt found busy, until one takes it.</param>
/// <param name="HasReleased">One was released on this path.</param>
/// <param name="IsSpoiled">A finding was made on this path; what follows from it is not reported.</param>
internal sealed record LockState(HeldLock? Held, LockAttempt? Attempt, LockKey? Busy, bool HasReleased, bool IsSpoiled)
{
    /// <summary>None held.</summary>
    public static LockState None { get; } = new(null, null, null, false, false);

    /// <summary>A path on which a finding was made.</summary>
    public static LockState Spoiled { get; } = new(null, null, null, false, true);

    /// <summary>The attempt had this outcome.</summary>
    public LockState Resolve(bool taken) =>
        Attempt is null ? this
        : taken ? this with { Held = new HeldLock(Attempt.Key, Attempt.At, Held), Attempt = null, Busy = Busy is { } b && b.Is(Attempt.Key) ? null : Busy }
        : this with { Attempt = null, Busy = Attempt.Key };

    /// <summary>The same locks after a value was replaced by another.</summary>
    public LockState Forget(int id)
    {
        if (Held is null && Attempt is null && Busy is null) return this;
        return this with
        {
            Held = Held?.Forget(id),
            Busy = Busy?.Forget(id),
            Attempt = Attempt is null ? null : Attempt with { Key = Attempt.Key.Forget(id), Id = Attempt.Id == id ? -1 : Attempt.Id },
        };
    }
}
