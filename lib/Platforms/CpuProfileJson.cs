using System.Text.Encodings.Web;
using System.Text.Json;

namespace PvPatch.Platforms;

/// <summary>Profiles as JSON, schema <c>pvpatch.profile/1</c>.</summary>
public static class CpuProfileJson
{
    /// <summary>The schema's name.</summary>
    public const string Schema = "pvpatch.profile/1";

    /// <summary>Writes a profile, keys in a stable order.</summary>
    public static void Write(Stream output, CpuProfile profile)
    {
        using var json = new Utf8JsonWriter(output, new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        json.WriteStartObject();
        json.WriteString("schema", Schema);
        json.WriteString("name", profile.Name);
        json.WriteString("source", profile.Source);
        if (profile.BuildId is not null) json.WriteString("buildId", profile.BuildId);
        json.WriteString("platform", profile.Platform);
        json.WriteNumber("cpus", profile.Cpus);
        json.WriteBoolean("uniprocessor", profile.Uniprocessor);
        WriteList(json, "features", profile.Features);
        WriteList(json, "bugs", profile.Bugs);
        if (profile.ReturnThunk is not null) json.WriteString("returnThunk", profile.ReturnThunk);
        WriteMap(json, "ops", profile.Ops, static (writer, value) => writer.WriteStringValue(value));
        WriteMap(json, "staticKeys", profile.StaticKeys, static (writer, value) => writer.WriteNumberValue(value));
        WriteMap(json, "staticCalls", profile.StaticCalls, static (writer, value) => writer.WriteStringValue(value));
        WriteList(json, "lateStaticCalls", profile.LateStaticCalls);
        json.WriteStartArray("unknown");
        foreach (UnknownFact fact in profile.Unknown)
        {
            json.WriteStartObject();
            json.WriteString("what", fact.What);
            json.WriteString("why", fact.Why);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        output.Write("\n"u8);
    }

    /// <summary>Reads a profile.</summary>
    /// <exception cref="MalformedImageException">Not JSON, not of this schema, or a field of the wrong type.</exception>
    public static CpuProfile Read(ReadOnlyMemory<byte> utf8)
    {
        try
        {
            using var document = JsonDocument.Parse(utf8);
            JsonElement root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object || Text(root, "schema") != Schema)
                throw new MalformedImageException("profile", $"its schema is not {Schema}");
            int cpus = root.TryGetProperty("cpus", out JsonElement count) ? count.GetInt32() : 2;
            if (cpus < 1) throw new MalformedImageException("profile", $"{cpus} CPUs cannot run a kernel");
            return new CpuProfile
            {
                Name = Text(root, "name") ?? "unnamed",
                Source = Text(root, "source") ?? "unknown",
                BuildId = Text(root, "buildId"),
                Platform = Text(root, "platform") ?? "native",
                Cpus = cpus,
                Uniprocessor = root.TryGetProperty("uniprocessor", out JsonElement one) ? one.GetBoolean() : cpus == 1,
                Features = List(root, "features", Required),
                Bugs = List(root, "bugs", Required),
                ReturnThunk = Text(root, "returnThunk"),
                Ops = Map(root, "ops", Required),
                StaticKeys = Map(root, "staticKeys", static e => e.GetInt32()),
                StaticCalls = Map(root, "staticCalls", Required),
                LateStaticCalls = List(root, "lateStaticCalls", Required),
                Unknown = List(root, "unknown", static e => new UnknownFact(Text(e, "what") ?? "?", Text(e, "why") ?? "?")),
            };
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException)
        {
            throw new MalformedImageException("profile", $"it is not a profile: {error.Message}");
        }
    }

    private static void WriteList(Utf8JsonWriter json, string name, IReadOnlyList<string> values)
    {
        json.WriteStartArray(name);
        foreach (string value in values) json.WriteStringValue(value);
        json.WriteEndArray();
    }

    private static void WriteMap<T>(
        Utf8JsonWriter json, string name, IReadOnlyDictionary<string, T> map, Action<Utf8JsonWriter, T> writeValue)
    {
        json.WriteStartObject(name);
        foreach ((string key, T value) in map.OrderBy(p => p.Key, StringComparer.Ordinal))
        {
            json.WritePropertyName(key);
            writeValue(json, value);
        }

        json.WriteEndObject();
    }

    private static string Required(JsonElement element) => element.GetString() ?? throw new FormatException("null stands where a name must");

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value.GetString() : null;

    private static List<T> List<T>(JsonElement root, string name, Func<JsonElement, T> read) =>
        root.TryGetProperty(name, out JsonElement list) ? [.. list.EnumerateArray().Select(read)] : [];

    private static Dictionary<string, T> Map<T>(JsonElement root, string name, Func<JsonElement, T> read)
    {
        var map = new Dictionary<string, T>(StringComparer.Ordinal);
        if (root.TryGetProperty(name, out JsonElement value))
            foreach (JsonProperty property in value.EnumerateObject()) map[property.Name] = read(property.Value);
        return map;
    }
}
