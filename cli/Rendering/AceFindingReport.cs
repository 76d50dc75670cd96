using System.Text.Json;
using PvPatch.Checking;

namespace PvPatch.Cli.Rendering;

/// <summary>Findings of an area, each with the instruction that it is about.</summary>
internal static class AceFindingReport
{
    /// <summary>One line a finding.</summary>
    public static void WriteText(Report report, LoadedArea loaded, IReadOnlyList<Finding> findings)
    {
        foreach (Finding finding in findings)
        {
            string instruction = loaded.Instruction(finding.Address);
            if (instruction.Length != 0) instruction = $"[{instruction}] ";
            report.Text.WriteLine(
                $"{Hex.Column(finding.Address)} {report.Paint.Red("error")} {finding.Rule.Id} <{loaded.Elf.Symbols.Describe(finding.Address)}> {instruction}{finding.Rule.Title}: {finding.Message}. {finding.Rule.Why}");
        }
    }

    /// <summary>The array <c>findings</c>.</summary>
    public static void WriteJson(Utf8JsonWriter json, LoadedArea loaded, IReadOnlyList<Finding> findings)
    {
        json.WriteStartArray("findings");
        foreach (Finding finding in findings)
        {
            json.WriteStartObject();
            json.WriteString("id", finding.Rule.Id);
            json.WriteString("severity", "error");
            json.WriteString("address", Hex.Word(finding.Address));
            json.WriteString("symbol", loaded.Elf.Symbols.Describe(finding.Address));
            json.WriteString("instruction", loaded.Instruction(finding.Address));
            json.WriteString("message", finding.Message);
            json.WriteString("why", finding.Rule.Why);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
