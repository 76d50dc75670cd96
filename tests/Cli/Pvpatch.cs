using System.Diagnostics;
using PvPatch.Cli;

namespace PvPatch.Tests.Cli;

/// <summary>The command line as people run it: a process, its exit code, its two streams.</summary>
internal sealed record Pvpatch(int Code, string Output, string Errors)
{
    private static readonly Lock Console = new();

    /// <summary>Lines of standard output.</summary>
    public string[] Lines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Runs it.</summary>
    public static Pvpatch Run(params IEnumerable<string> arguments)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "pvpatch.dll");
        var start = new ProcessStartInfo("dotnet", [program, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.Environment["DOTNET_TieredPGO"] = "0";
        start.Environment.Remove("NO_COLOR");
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new Pvpatch(process.ExitCode, output, errors.Result);
    }

    /// <summary>Runs it and insists on trouble: exit code 2, nothing on stdout, one sentence on stderr.</summary>
    public static string Trouble(params IEnumerable<string> arguments)
    {
        Pvpatch run = RunHere(arguments);
        Assert.Equal(2, run.Code);
        Assert.Empty(run.Output);
        string[] lines = run.Errors.TrimEnd('\n').Split('\n');
        Assert.StartsWith("pvpatch: ", lines[0], StringComparison.Ordinal);
        if (lines.Length > 1) Assert.StartsWith("Try 'pvpatch", Assert.Single(lines.Skip(1)), StringComparison.Ordinal);
        Assert.DoesNotContain("internal error", run.Errors);
        return lines[0];
    }

    /// <summary>Runs it without a process, which is ten times as fast; for all but reports, which go past Console.Out.</summary>
    public static Pvpatch RunHere(params IEnumerable<string> arguments)
    {
        lock (Console)
        {
            (TextWriter output, TextWriter errors) = (System.Console.Out, System.Console.Error);
            using StringWriter newOutput = new(), newErrors = new();
            System.Console.SetOut(newOutput);
            System.Console.SetError(newErrors);
            try
            {
                int code = Program.Run([.. arguments]);
                return new Pvpatch(code, newOutput.ToString(), newErrors.ToString());
            }
            finally
            {
                System.Console.SetOut(output);
                System.Console.SetError(errors);
            }
        }
    }
}
