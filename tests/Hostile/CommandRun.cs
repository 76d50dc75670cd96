using System.Diagnostics;
using PvPatch.Cli;

namespace PvPatch.Tests.Hostile;

/// <summary>One run of the command line: its exit code and what it said on standard error.</summary>
internal sealed record CommandRun(int Exit, string Error)
{
    private static string Executable => Path.Combine(AppContext.BaseDirectory, "pvpatch.dll");

    /// <summary>Runs it within this process, which is fast; results must go to a file.</summary>
    public static CommandRun Here(params string[] arguments)
    {
        TextWriter former = Console.Error;
        using var error = new StringWriter();
        Console.SetError(error);
        try
        {
            return new CommandRun(Program.Run(arguments), error.ToString());
        }
        finally
        {
            Console.SetError(former);
        }
    }

    /// <summary>Runs it as a process of its own, by a shell command that has it in <c>"$@"</c>.</summary>
    public static CommandRun Under(string shell, params string[] arguments)
    {
        using Process process = Start(shell, arguments);
        string error = process.StandardError.ReadToEnd();
        Assert.True(process.WaitForExit(TimeSpan.FromMinutes(1)));
        return new CommandRun(process.ExitCode, error);
    }

    /// <summary>Starts it as a process of its own.</summary>
    public static Process Start(string shell, params string[] arguments)
    {
        var start = new ProcessStartInfo("sh") { UseShellExecute = false, RedirectStandardError = true };
        foreach (string word in (string[])["-c", shell, "sh", "dotnet", Executable, .. arguments])
            start.ArgumentList.Add(word);
        return Process.Start(start)!;
    }

    /// <summary>Refused as every bad input is: exit code 2, and one sentence that names the file.</summary>
    public CommandRun IsRefusal(string file, string reason = "")
    {
        Assert.True(Exit == ExitCode.Trouble, $"exit {Exit}: {Error}");
        Assert.StartsWith($"pvpatch: {file}: ", Error, StringComparison.Ordinal);
        Assert.Equal(Error.Length - 1, Error.IndexOf('\n', StringComparison.Ordinal));
        Assert.DoesNotContain("   at ", Error, StringComparison.Ordinal);
        Assert.DoesNotContain("internal error", Error, StringComparison.Ordinal);
        Assert.Contains(reason, Error, StringComparison.Ordinal);
        return this;
    }
}
