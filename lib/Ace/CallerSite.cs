namespace PvPatch.Ace;

/// <summary>An instruction outside of the area that transfers into it, or makes an address of it.</summary>
/// <param name="At">The instruction.</param>
/// <param name="IsTransfer">Whether it is a branch or call; otherwise a constant that may become one.</param>
internal readonly record struct CallerSite(ulong At, bool IsTransfer);
