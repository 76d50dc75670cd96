namespace PvPatch.Ace.Exercise;

/// <summary>A moment in a call's run at which the processor can be stopped for another one to run.</summary>
/// <param name="Context">Number of the context it goes on with.</param>
/// <param name="Pending">Stores that its last instruction, having read, has still to make; null between instructions.</param>
/// <param name="Data">Number of the data's state.</param>
/// <param name="Steps">Whole instructions run.</param>
/// <param name="Node">The node that is next, or whose instruction is half done.</param>
internal readonly record struct CpuPoint(int Context, IReadOnlyList<Store>? Pending, int Data, int Steps, int Node);
