namespace PvPatch.Sites;

/// <summary>A branch on a static key.</summary>
/// <param name="Site">A 2- or 5-byte jump or NOP.</param>
/// <param name="Target">Where it jumps when taken.</param>
/// <param name="Key">Address of the struct static_key.</param>
/// <param name="Branch">Bit 0 of the record's key: taken when the key is off.</param>
public readonly record struct JumpLabelSite(Site Site, ulong Target, ulong Key, bool Branch);
