using System.Text.Json;
using PvPatch.Checking;
using PvPatch.Elf;

namespace PvPatch.Cli;

/// <summary>The findings of a former report, which are known; by id and symbol, since addresses move with every build.</summary>
internal sealed class Baseline
{
    private readonly Dictionary<(string Id, string Symbol), int> known = [];

    private Baseline()
    {
    }

    /// <summary>How many findings it has that <see cref="Without"/> has not met.</summary>
    public int Left => known.Values.Sum();

    /// <summary>Reads a report that was written with <c>--format json</c>.</summary>
    /// <param name="path">The file.</param>
    /// <param name="schema">The report's schema.</param>
    public static Baseline Read(string path, string schema)
    {
        byte[] bytes = Failure.ReadSmall(path);
        try
        {
            using var document = JsonDocument.Parse(bytes);
            JsonElement root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("schema", out JsonElement name) || !name.ValueEquals(schema))
                throw new Failure($"{path}: its schema is not {schema}");
            var baseline = new Baseline();
            foreach (JsonElement finding in root.GetProperty("findings").EnumerateArray())
            {
                (string, string) key = (finding.GetProperty("id").GetString() ?? string.Empty, finding.GetProperty("symbol").GetString() ?? string.Empty);
                baseline.known[key] = baseline.known.GetValueOrDefault(key) + 1;
            }

            return baseline;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new Failure($"{path}: it is not a report of findings: {error.Message}", error);
        }
    }

    /// <summary>The findings that are new; each known one answers for one finding.</summary>
    public IReadOnlyList<Finding> Without(IReadOnlyList<Finding> findings, ElfSymbolTable symbols) => [.. findings.Where(finding =>
    {
        (string, string) key = (finding.Rule.Id, symbols.Describe(finding.Address));
        if (known.GetValueOrDefault(key) == 0) return true;
        known[key]--;
        return false;
    })];
}
