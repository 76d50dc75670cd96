using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Iced.Intel;
using PvPatch.Checking;
using PvPatch.Elf;
using Decoder = Iced.Intel.Decoder;

namespace PvPatch.Cli.Rendering;

/// <summary>Findings as SARIF 2.1.0 (OASIS), the format in which CI services take them.</summary>
/// <remarks>An image has no lines: a place is an address, its bytes in the file, and a symbol with an offset.</remarks>
internal static class SarifReport
{
    private const string Schema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

    /// <summary>Writes the document.</summary>
    /// <param name="stream">Where to.</param>
    /// <param name="path">The image, as the user wrote it.</param>
    /// <param name="elf">The image.</param>
    /// <param name="rules">Every rule that the verb knows.</param>
    /// <param name="findings">What it found.</param>
    public static void Write(Stream stream, string path, ElfFile elf, IReadOnlyList<FindingRule> rules, IReadOnlyList<Finding> findings)
    {
        var options = new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        using var json = new Utf8JsonWriter(stream, options);
        json.WriteStartObject();
        json.WriteString("$schema", Schema);
        json.WriteString("version", "2.1.0");
        json.WriteStartArray("runs");
        json.WriteStartObject();
        WriteTool(json, rules);
        json.WriteStartArray("invocations");
        json.WriteStartObject();
        json.WriteBoolean("executionSuccessful", true);
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteStartArray("results");
        foreach (Finding finding in findings) WriteResult(json, path, elf, rules, finding);
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        stream.Write("\n"u8);
    }

    private static void WriteTool(Utf8JsonWriter json, IReadOnlyList<FindingRule> rules)
    {
        json.WriteStartObject("tool");
        json.WriteStartObject("driver");
        json.WriteString("name", "pvpatch");
        json.WriteString("version", typeof(SarifReport).Assembly.GetName().Version!.ToString(3));
        json.WriteStartArray("rules");
        foreach (FindingRule rule in rules)
        {
            json.WriteStartObject();
            json.WriteString("id", rule.Id);
            WriteMessage(json, "shortDescription", rule.Title);
            WriteMessage(json, "fullDescription", rule.Why);
            json.WriteStartObject("defaultConfiguration");
            json.WriteString("level", Level(rule));
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteResult(Utf8JsonWriter json, string path, ElfFile elf, IReadOnlyList<FindingRule> rules, Finding finding)
    {
        string symbol = elf.Symbols.Describe(finding.Address);
        json.WriteStartObject();
        json.WriteString("ruleId", finding.Rule.Id);
        int index = rules.TakeWhile(r => r.Id != finding.Rule.Id).Count();
        if (index < rules.Count) json.WriteNumber("ruleIndex", index);
        json.WriteString("level", Level(finding.Rule));
        WriteMessage(json, "message", $"{finding.Message}. {finding.Rule.Why}");
        json.WriteStartArray("locations");
        json.WriteStartObject();
        json.WriteStartObject("physicalLocation");
        json.WriteStartObject("artifactLocation");
        json.WriteString("uri", Uri(path));
        json.WriteEndObject();
        WriteRegion(json, elf, finding.Address);
        json.WriteStartObject("address");
        if (finding.Address <= long.MaxValue) json.WriteNumber("absoluteAddress", finding.Address);
        json.WriteString("fullyQualifiedName", symbol);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteStartArray("logicalLocations");
        json.WriteStartObject();
        json.WriteString("fullyQualifiedName", symbol);
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteStartObject("partialFingerprints");
        json.WriteString("pvpatch/v1", Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{finding.Rule.Id} {symbol}")).AsSpan(0, 16)));
        json.WriteEndObject();
        json.WriteStartObject("properties");
        json.WriteString("address", Hex.Word(finding.Address)); // a kernel's is beyond what many readers take for a number
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteMessage(Utf8JsonWriter json, string name, string text)
    {
        json.WriteStartObject(name);
        json.WriteString("text", text);
        json.WriteEndObject();
    }

    // The bytes in the file: of a whole instruction where there is one.
    private static void WriteRegion(Utf8JsonWriter json, ElfFile elf, ulong address)
    {
        if (elf.Sections.FirstOrDefault(s => s.IsAllocated && s.HasBytes && s.Contains(address)) is not { } section) return;
        ulong into = address - section.Address;
        json.WriteStartObject("region");
        json.WriteNumber("byteOffset", section.Offset + into);
        if (section.IsExecutable)
        {
            byte[] code = elf.Source.Slice(section.Offset + into, Math.Min(15, section.Size - into), section.Name).ToArray();
            Instruction instruction = Decoder.Create(64, new ByteArrayCodeReader(code)).Decode();
            if (!instruction.IsInvalid) json.WriteNumber("byteLength", instruction.Length);
        }

        json.WriteEndObject();
    }

    private static string Uri(string path) =>
        Path.IsPathRooted(path) ? new Uri(path).AbsoluteUri : string.Join('/', path.Split('/').Select(System.Uri.EscapeDataString));

    private static string Level(FindingRule rule) => rule.Severity switch
    {
        Severity.Error => "error",
        Severity.Warning => "warning",
        _ => "note",
    };
}
