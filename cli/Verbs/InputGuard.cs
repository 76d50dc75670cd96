using System.CommandLine;
using System.CommandLine.Parsing;
using PvPatch.Rewriting;

namespace PvPatch.Cli.Verbs;

/// <summary>No output replaces an input, by whatever name it is called.</summary>
internal static class InputGuard
{
    /// <summary>Refuses an output that is one of the files which the command line names.</summary>
    /// <param name="result">The command line.</param>
    /// <param name="output">Where results go.</param>
    /// <exception cref="Failure">It is an input.</exception>
    public static void Refuse(ParseResult result, string output)
    {
        if (!FileIdentity.TryGet(output, out FileIdentity target)) return;
        foreach (string input in Inputs(result))
            if (FileIdentity.TryGet(input, out FileIdentity one) && one == target)
                throw new Failure(result.CommandResult.Command.Name == "rewrite" && input == result.GetValue<string>("IMAGE")
                    ? $"{output}: the output is the input; say --in-place to replace it"
                    : $"{output}: the output is the input {input}");
    }

    // Every word of the command line but the outputs themselves: some are no files, and then they are none to lose.
    private static IEnumerable<string> Inputs(ParseResult result) => result.CommandResult.Children
        .Where(child => child is not OptionResult { Option.Name: "--output" })
        .SelectMany(child => child.Tokens).Select(token => token.Value);
}
