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
        if (result.Errors.Count != 0)
        {
            // An unknown verb is also a missing one: the word that was not understood says more.
            bool unknown = result.UnmatchedTokens.Count != 0 && result.CommandResult.Command is RootCommand;
            IEnumerable<string> messages = unknown
                ? [$"there is no {(result.UnmatchedTokens[0].StartsWith('-') ? "option" : "verb")} “{result.UnmatchedTokens[0]}”"]
                : result.Errors.Select(e => e.Message).Distinct(StringComparer.Ordinal);
            foreach (string message in messages) Console.Error.WriteLine($"pvpatch: {message}");
            string verb = result.CommandResult.Command is RootCommand ? string.Empty : $" {result.CommandResult.Command.Name}";
            Console.Error.WriteLine($"Try 'pvpatch{verb} --help'.");
            return ExitCode.Trouble;
        }

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
}
