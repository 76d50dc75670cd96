using PvPatch.Kernel;
using PvPatch.Sites;

namespace PvPatch.Checking;

/// <summary>One site that two images do not have alike.</summary>
/// <param name="Name">Symbol and offset, the same in both.</param>
/// <param name="Kind">The kind of site.</param>
/// <param name="Old">The site in the old image, or null where it was added.</param>
/// <param name="New">The site in the new image, or null where it was removed.</param>
public sealed record SiteChange(string Name, SiteKind Kind, Site? Old, Site? New);
