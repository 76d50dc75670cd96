using System.CommandLine;
using PvPatch.Cli.Rendering;

namespace PvPatch.Cli.Verbs;

/// <summary>The options that every verb understands the same way.</summary>
internal sealed class CommonOptions
{
    private readonly Option<OutputFormat> format;

    private readonly Option<string?> output = new("--output", "-o")
    {
        Description = "Write results to a file, which appears only when it is whole.",
        HelpName = "FILE",
    };

    private readonly Option<string> color = new("--color")
    {
        Description = "Colour text: auto (on a terminal, unless NO_COLOR is set), always, never.",
        HelpName = "auto|always|never",
        DefaultValueFactory = _ => "auto",
    };

    private readonly Option<bool> quiet = new("--quiet", "-q") { Description = "No progress and no remarks on stderr." };

    private readonly Option<bool> exitZero = new("--exit-zero") { Description = "Exit 0 even where there are differences or findings." };

    private readonly Option<bool> allowEmpty = new("--allow-empty") { Description = "Accept an image without any patch site." };

    /// <summary>Adds the options to a verb; one that writes an image has its own -o, and one with findings can write SARIF.</summary>
    public CommonOptions(Command verb, bool withOutput = true, bool withSarif = false)
    {
        format = FormatOption(withSarif);
        color.CompletionSources.Add("auto", "always", "never");
        color.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string>() is { } word and not ("auto" or "always" or "never"))
                result.AddError($"--color: “{word}” is none of auto, always and never");
        });
        verb.Add(format);
        if (withOutput) verb.Add(output);
        verb.Add(color);
        verb.Add(quiet);
        verb.Add(exitZero);
        verb.Add(allowEmpty);
    }

    public OutputFormat Format(ParseResult result) => result.GetValue(format);

    public bool IsQuiet(ParseResult result) => result.GetValue(quiet);

    public bool AllowsEmpty(ParseResult result) => result.GetValue(allowEmpty);

    /// <summary>Writes the report to where the user wants it, and applies --exit-zero.</summary>
    public int Write(ParseResult result, Func<Report, int> action)
    {
        string? path = OutputPath(result);
        if (path is not null) InputGuard.Refuse(result, path);
        int code = Report.Write(path, UsesColor(result), action);
        return code == ExitCode.Findings && result.GetValue(exitZero) ? ExitCode.Clean : code;
    }

    /// <summary>A remark on stderr, unless -q was given.</summary>
    public void Remark(ParseResult result, string text)
    {
        if (!IsQuiet(result)) Console.Error.WriteLine(PrintableText.Of($"pvpatch: {text}"));
    }

    private static Option<OutputFormat> FormatOption(bool withSarif)
    {
        var format = new Option<OutputFormat>("--format")
        {
            Description = $"How to write results: text (unless said otherwise){(withSarif ? ", json or sarif (2.1.0, for CI)" : " or json")}.",
            HelpName = withSarif ? "text|json|sarif" : "text|json",
            CustomParser = result =>
            {
                string word = result.Tokens[0].Value;
                if (word is "json") return OutputFormat.Json;
                if (word is "sarif" && withSarif) return OutputFormat.Sarif;
                if (word is "sarif") result.AddError("--format: only verbs that have findings, verify and verify-ace, write sarif");
                else if (word is not "text") result.AddError($"--format: “{word}” is {(withSarif ? "none of text, json and sarif" : "neither text nor json")}");
                return OutputFormat.Text;
            },
        };
        format.CompletionSources.Clear();
        format.CompletionSources.Add(withSarif ? ["text", "json", "sarif"] : ["text", "json"]);
        return format;
    }

    private string? OutputPath(ParseResult result) => result.GetResult(output) is null ? null : result.GetValue(output);

    private bool UsesColor(ParseResult result) => result.GetValue(color) switch
    {
        "always" => true,
        "never" => false,
        _ => !Console.IsOutputRedirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")),
    };
}
