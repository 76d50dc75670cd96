namespace PvPatch.Ace;

/// <summary>The flags on a path through an interrupt entry.</summary>
internal enum HandlerFlags
{
    /// <summary>As the interruption left them, interrupts off.</summary>
    Kept,

    /// <summary>Changed by the entry's own instructions.</summary>
    Changed,

    /// <summary>As the interruption left them, and interrupts on with them.</summary>
    InterruptsOn,
}
