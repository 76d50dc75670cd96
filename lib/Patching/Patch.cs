using PvPatch.Sites;

namespace PvPatch.Patching;

/// <summary>One change: where, of which kind, and why; its bytes stand in the plan (<see cref="Plan.OldBytes"/>).</summary>
/// <param name="Site">The site.</param>
/// <param name="Reason">Why.</param>
/// <param name="BytesAt">Where the plan keeps the old bytes, the new ones following.</param>
public readonly record struct Patch(Site Site, PatchReason Reason, int BytesAt);
