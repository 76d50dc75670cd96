namespace PvPatch.Sites;

/// <summary>A paravirt call; <paramref name="Op"/> is the index of its pointer in pv_ops.</summary>
public readonly record struct ParavirtSite(Site Site, int Op);
