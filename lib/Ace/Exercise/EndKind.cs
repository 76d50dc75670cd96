namespace PvPatch.Ace.Exercise;

/// <summary>How a run ends when nobody disturbs it.</summary>
internal enum EndKind : byte
{
    /// <summary>Not known yet.</summary>
    Unknown,

    /// <summary>By <c>jmp *%r11</c>.</summary>
    Returned,

    /// <summary>With an instruction that cannot be run.</summary>
    Failed,

    /// <summary>Not at all: a state comes again.</summary>
    Spins,

    /// <summary>Not within the step bound.</summary>
    Runaway,
}
