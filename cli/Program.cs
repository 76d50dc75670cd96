using System.CommandLine;
using System.CommandLine.Parsing;
using System.Runtime.InteropServices;
using PvPatch.Cli.Verbs;

namespace PvPatch.Cli;

/// <summary>Parses the command line, runs a verb, and turns every failure into one sentence and exit code 2.</summary>
internal static class Program
{
    private const PosixSignal FileSizeExceeded = (PosixSignal)25; // SIGXFSZ: a write over RLIMIT_FSIZE fails with EFBIG instead

    private static PosixSignalRegistration? fileSizeSignal; // to the very end: the runtime handles a signal some time after the write

    private static int Main(string[] args)
    {
        fileSizeSignal = PosixSignalRegistration.Create(FileSizeExceeded, context => context.Cancel = true);
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
        catch (OperationCanceledException)
        {
            Thread.Sleep(TimeSpan.FromSeconds(5)); // a signal ends this process any moment, and its parent should learn which
            Console.Error.WriteLine("pvpatch: interrupted");
            return ExitCode.Trouble;
        }
        catch (Exception error) when (Failure.Describe(error) is { } sentence)
        {
            // What a verb reads only while it reports has no name of its own yet: it is the image's, the verb's first argument.
            string file = error is MalformedImageException && result.CommandResult.Children.OfType<ArgumentResult>().FirstOrDefault() is { Tokens: [var image, ..] }
                ? $"{image.Value}: "
                : string.Empty;
            Console.Error.WriteLine(PrintableText.Of($"pvpatch: {file}{sentence}"));
            return ExitCode.Trouble;
        }
    }

    private static int RefuseUsage(ParseResult result)
    {
        bool root = result.CommandResult.Command is RootCommand;

        // An unknown verb is also a missing one: the word that was not understood says more.
        string? unknown = root && result.UnmatchedTokens.Count != 0 ? result.UnmatchedTokens[0] : null;
        string[] messages = unknown is not null
            ? [$"there is no {(unknown.StartsWith('-') ? "option" : "verb")} “{unknown}”"]
            : root ? ["say what to do: scan, profile, rewrite, verify, verify-ace, diff, explain or ops"]
            : [.. result.Errors.Select(e => e.Message).Distinct(StringComparer.Ordinal)];
        foreach (string message in messages) Console.Error.WriteLine(PrintableText.Of($"pvpatch: {message}"));
        Console.Error.WriteLine($"Try 'pvpatch{(root ? string.Empty : $" {result.CommandResult.Command.Name}")} --help'.");
        return ExitCode.Trouble;
    }
}
