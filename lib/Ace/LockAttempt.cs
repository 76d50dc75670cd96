namespace PvPatch.Ace;

/// <summary>An instruction that took a lock or did not; a later branch tells.</summary>
/// <param name="Key">The lock.</param>
/// <param name="At">The instruction.</param>
/// <param name="Kind">Who knows the outcome.</param>
/// <param name="Id">The value that tells, where it is a register's.</param>
internal sealed record LockAttempt(LockKey Key, ulong At, LockAttemptKind Kind, int Id);
