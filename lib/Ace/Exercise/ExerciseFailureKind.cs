namespace PvPatch.Ace.Exercise;

/// <summary>In which way a run went wrong.</summary>
public enum ExerciseFailureKind
{
    /// <summary>The area and its data cannot be laid out.</summary>
    Layout,

    /// <summary>An instruction that must not or cannot be run here.</summary>
    Instruction,

    /// <summary>Touches memory outside of the data, or divides by zero.</summary>
    Fault,

    /// <summary>Uses the stack, which after the swap is the kernel's.</summary>
    Stack,

    /// <summary>Leaves the area other than by <c>jmp *%r11</c>.</summary>
    Leaves,

    /// <summary>Comes back elsewhere than to where r11 pointed.</summary>
    ComesBackElsewhere,

    /// <summary>Does not come back within the step bound.</summary>
    Runaway,

    /// <summary>Spins for ever.</summary>
    Deadlock,

    /// <summary>A lock is held after the routine has come back, so when the handler begins.</summary>
    LockHeld,

    /// <summary>Does not keep a register that a call keeps.</summary>
    Registers,

    /// <summary>Memory or results are those of no uninterrupted order.</summary>
    NotAtomic,
}
