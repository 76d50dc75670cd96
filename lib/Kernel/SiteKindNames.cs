namespace PvPatch.Kernel;

/// <summary>The kinds as the command line and the JSON spell them.</summary>
public static class SiteKindNames
{
    private static readonly string[] Names =
        ["paravirt", "alternative", "retpoline", "return", "lock", "ftrace", "jump-label", "static-call"];

    /// <summary>All kinds.</summary>
    public static IReadOnlyList<SiteKind> All { get; } = Enum.GetValues<SiteKind>();

    /// <summary>The kind's name.</summary>
    public static string Text(this SiteKind kind) => Names[(int)kind];

    /// <summary>The kind of a name.</summary>
    public static bool TryParse(string name, out SiteKind kind)
    {
        int at = Array.IndexOf(Names, name);
        kind = (SiteKind)Math.Max(at, 0);
        return at >= 0;
    }
}
