namespace PvPatch.Ace.Exercise;

/// <summary>A call that ran undisturbed and came back.</summary>
/// <param name="Call">The call.</param>
/// <param name="Start">The node at its first instruction.</param>
/// <param name="End">The node at which it has come back.</param>
/// <param name="Length">Instructions in between.</param>
/// <param name="Hash">Equal for runs of the same instructions in the same order.</param>
internal readonly record struct CallTrace(Call Call, int Start, int End, int Length, ulong Hash);
