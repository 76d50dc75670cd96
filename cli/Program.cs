using System.CommandLine;
using System.Runtime.InteropServices;
using PvPatch.Cli.Verbs;

namespace PvPatch.Cli;

/// <summary>Parses the command line, runs a verb, and turns every failure into one sentence and exit code 2.</summary>
internal static class Program
{
    private const PosixSignal FileSizeExceeded = (PosixSignal)25; // SIGXFSZ: a write over RLIMIT_FSIZE fails with EFBIG instead

    private static int Main(string[] args)
    {
        using PosixSignalRegistration signal = PosixSignalRegistration.Create(FileSizeExceeded, context => context.Cancel = true);
        return Run(args);
    }

    /// <summary>Runs a command line.</summary>
    /// <returns>0 clean, 1 differences or findings, 2 usage, I/O or malformed input.</returns>
    internal static int Run(string[] args)
    {
        RootCommand root = Root.Create();
        ParseResult result = root.Parse(args);
        if (result.Errors.Count != 0 && result.Action is not HelpWithExamples)
            return RefuseUsage(result);

        try
        {
            return result.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
        }
        catch (Exception error) when (Failure.Describe(error) is { } sentence)
        {
            Console.Error.WriteLine($"pvpatch: {sentence}");
            return ExitCode.Trouble;
        }
    }

    private static int RefuseUsage(ParseResult result)
    {
        bool root = result.CommandResult.Command is RootCommand;
        string[] messages = root && result.UnmatchedTokens.Count != 0
            ? [$"there is no verb “{result.UnmatchedTokens[0]}”"]
            : root ? ["say what to do: scan, profile, rewrite, verify, verify-ace, diff, explain or ops"]
            : [.. result.Errors.Select(e => e.Message).Distinct(StringComparer.Ordinal)];
        foreach (string message in messages) Console.Error.WriteLine($"pvpatch: {message}");
        Console.Error.WriteLine($"Try 'pvpatch{(root ? string.Empty : $" {result.CommandResult.Command.Name}")} --help'.");
        return ExitCode.Trouble;
    }
}
