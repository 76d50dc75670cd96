namespace PvPatch.Sites;

/// <summary>A static call, or a trampoline <c>__SCT__*</c> (then <paramref name="Trampoline"/>, always a tail jump).</summary>
/// <param name="Site">A call, a jump, or a conditional jump.</param>
/// <param name="Key">Address of the struct static_call_key, whose first word is the function.</param>
/// <param name="Tail">Bit 0 of the record's key: a tail call.</param>
/// <param name="Trampoline">Whether this is the trampoline itself.</param>
public readonly record struct StaticCallSite(Site Site, ulong Key, bool Tail, bool Trampoline);
