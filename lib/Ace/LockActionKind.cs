namespace PvPatch.Ace;

/// <summary>What an instruction does to a word that may be a lock.</summary>
internal enum LockActionKind
{
    /// <summary>Nothing, or reads it.</summary>
    None,

    /// <summary>Tries to take it.</summary>
    Take,

    /// <summary>Stores zero.</summary>
    Clear,

    /// <summary>Stores a constant that is not zero.</summary>
    Set,

    /// <summary>Writes something else.</summary>
    Store,
}
