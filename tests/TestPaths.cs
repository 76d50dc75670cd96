using System.Runtime.CompilerServices;

namespace PvPatch.Tests;

/// <summary>Where the tree's own files lie, whatever directory the tests run in.</summary>
internal static class TestPaths
{
    /// <summary>The root of the checkout.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>testdata/.</summary>
    public static string Data => Path.Combine(Root, "testdata");

    /// <summary>scripts/.</summary>
    public static string Scripts => Path.Combine(Root, "scripts");

    /// <summary>The fixture kernel.</summary>
    public static string Mini => Path.Combine(Data, "images", "mini-vmlinux");

    private static string FindRoot([CallerFilePath] string here = "")
    {
        for (string? folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
            if (File.Exists(Path.Combine(folder, "PvPatch.sln"))) return folder;
        return Path.GetDirectoryName(Path.GetDirectoryName(here))!;
    }
}
