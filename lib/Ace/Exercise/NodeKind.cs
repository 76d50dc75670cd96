namespace PvPatch.Ace.Exercise;

/// <summary>What is known of a machine state.</summary>
internal enum NodeKind : byte
{
    /// <summary>It was not run yet.</summary>
    Unknown,

    /// <summary>One instruction leads to the next state.</summary>
    Step,

    /// <summary>The area was left by <c>jmp *%r11</c>.</summary>
    Returned,

    /// <summary>The instruction cannot be run.</summary>
    Failed,
}
