namespace PvPatch.Sites;

/// <summary>An alternative: what may be copied over the site, and when.</summary>
/// <param name="Site">The original instructions, padding included.</param>
/// <param name="Replacement">Address of the replacement in .altinstr_replacement.</param>
/// <param name="ReplacementLength">Its bytes; at most the site's.</param>
/// <param name="Feature">When it is chosen.</param>
public readonly record struct AlternativeSite(Site Site, ulong Replacement, int ReplacementLength, FeatureTest Feature);
