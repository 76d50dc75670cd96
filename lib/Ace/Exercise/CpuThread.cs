namespace PvPatch.Ace.Exercise;

/// <summary>One processor on its way through a call.</summary>
internal struct CpuThread
{
    /// <summary>The context it goes on with.</summary>
    public int Context;

    /// <summary>Stores to make before that.</summary>
    public IReadOnlyList<Store>? Pending;

    /// <summary>The node at which its call began.</summary>
    public int Start;

    /// <summary>Where the call must come back to.</summary>
    public ulong ComeBack;

    /// <summary>The stack pointer that it must keep.</summary>
    public ulong Stack;

    /// <summary>The node that the last run began at.</summary>
    public int Ran;

    /// <summary>The node at which the call has come back; -1 until then.</summary>
    public int End;

    /// <summary>Instructions run after it was stopped.</summary>
    public int Steps;
}
