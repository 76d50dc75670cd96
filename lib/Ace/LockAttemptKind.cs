namespace PvPatch.Ace;

/// <summary>What tells whether a lock was taken.</summary>
internal enum LockAttemptKind
{
    /// <summary><c>lock bts</c>: the carry is the bit's old value.</summary>
    CarryIsBusy,

    /// <summary><c>lock cmpxchg</c>: zero says that it was free.</summary>
    ZeroIsTaken,

    /// <summary><c>xchg</c>: the register has the old value.</summary>
    RegisterIsBusy,
}
