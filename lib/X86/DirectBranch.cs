namespace PvPatch.X86;

/// <summary>A call or jump whose target stands in the instruction.</summary>
public readonly record struct DirectBranch(ulong Source, ulong Target, bool IsCall);
