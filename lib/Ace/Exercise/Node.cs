namespace PvPatch.Ace.Exercise;

/// <summary>A machine state, a processor and the data, and where it leads.</summary>
internal struct Node
{
    /// <summary>Number of the context.</summary>
    public int Context;

    /// <summary>Number of the data's state.</summary>
    public int Data;

    /// <summary>The node after one instruction, when that is known.</summary>
    public int Next;

    /// <summary>The node at which an undisturbed run ends: the return, the failing instruction, or a state of the spin.</summary>
    public int End;

    /// <summary>Instructions from here to there.</summary>
    public int Distance;

    /// <summary>What is known of this state.</summary>
    public NodeKind Kind;

    /// <summary>How the run ends.</summary>
    public EndKind EndKind;
}
