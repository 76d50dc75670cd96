using System.Diagnostics;

namespace PvPatch.Tests.Tools;

/// <summary>Runs the GNU tools that say what the tests expect; none of pvpatch takes part in that.</summary>
internal static class Binutils
{
    /// <summary>Runs a tool and returns what it wrote to standard output.</summary>
    public static string Run(string tool, params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(tool, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.Environment["LC_ALL"] = "C";
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? output
            : throw new InvalidOperationException($"{tool} {string.Join(' ', arguments)}: {errors.Result}");
    }

    /// <summary>The bytes of one section, as objcopy takes them out.</summary>
    public static byte[] Section(string file, string section)
    {
        using var folder = new TempFolder();
        string bytes = folder.Path("section");
        Run("objcopy", "-O", "binary", $"--only-section={section}", file, bytes);
        return File.ReadAllBytes(bytes);
    }

    /// <summary>The address of every symbol of a file, by name, as nm tells them.</summary>
    public static IReadOnlyDictionary<string, ulong> Symbols(string file) =>
        Run("nm", file).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(l => l.Split(' '))
            .Where(w => w.Length == 3)
            .ToDictionary(w => w[2], w => Convert.ToUInt64(w[0], 16), StringComparer.Ordinal);

    /// <summary>Assembles a source.</summary>
    public static string Assemble(TempFolder folder, string name, string source, params IEnumerable<string> options)
    {
        string input = folder.Path($"{name}.s"), output = folder.Path($"{name}.o");
        File.WriteAllText(input, $"{source}\n");
        Run("as", [.. options, "--fatal-warnings", "-o", output, input]);
        return output;
    }
}
