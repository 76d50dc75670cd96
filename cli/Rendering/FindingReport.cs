using System.Text.Json;
using PvPatch.Checking;
using PvPatch.Elf;

namespace PvPatch.Cli.Rendering;

/// <summary>Findings as lines and as JSON.</summary>
internal static class FindingReport
{
    /// <summary>One line a finding, then a sum.</summary>
    public static void WriteText(TextWriter output, Paint paint, ElfSymbolTable symbols, IReadOnlyList<Finding> findings)
    {
        foreach (Finding finding in findings)
        {
            string severity = finding.Rule.Severity switch
            {
                Severity.Error => paint.Red("error"),
                Severity.Warning => paint.Yellow("warning"),
                _ => "note",
            };
            output.WriteLine(
                $"{Hex.Column(finding.Address)} {severity} {finding.Rule.Id} <{symbols.Describe(finding.Address)}> {finding.Message}. {finding.Rule.Why}");
        }
    }

    /// <summary>The array <c>findings</c>.</summary>
    public static void WriteJson(Utf8JsonWriter json, ElfSymbolTable symbols, IReadOnlyList<Finding> findings)
    {
        json.WriteStartArray("findings");
        foreach (Finding finding in findings)
        {
            json.WriteStartObject();
            json.WriteString("id", finding.Rule.Id);
            json.WriteString("severity", finding.Rule.Severity switch
            {
                Severity.Error => "error",
                Severity.Warning => "warning",
                _ => "note",
            });
            json.WriteString("address", Hex.Word(finding.Address));
            json.WriteString("symbol", symbols.Describe(finding.Address));
            json.WriteString("message", finding.Message);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
