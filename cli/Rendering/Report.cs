using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using PvPatch.Rewriting;

namespace PvPatch.Cli.Rendering;

/// <summary>Where results go: standard output, or a file that appears only when it is whole.</summary>
internal sealed class Report : IDisposable
{
    private readonly OutputFile? file;
    private readonly Stream stream;

    private Report(string? path, bool color)
    {
        file = path is null ? null : OutputFile.Create(path);
        stream = file?.Open() ?? Console.OpenStandardOutput();
        Text = new StreamWriter(stream, new UTF8Encoding(false), 1 << 16, leaveOpen: true);
        Paint = new Paint(color && file is null);
    }

    /// <summary>Lines of text.</summary>
    public StreamWriter Text { get; }

    /// <summary>Colours, or none.</summary>
    public Paint Paint { get; }

    /// <summary>Writes a report; it is committed when the action returns.</summary>
    public static int Write(string? path, bool color, Func<Report, int> action)
    {
        string name = path ?? "standard output";
        using var report = Failure.In(name, () => new Report(path, color));
        return Failure.Writing(name, () =>
        {
            int code = action(report);
            report.Finish();
            return code;
        });
    }

    /// <summary>Writes one JSON document of a schema.</summary>
    public void WriteJson(string schema, Action<Utf8JsonWriter> body)
    {
        var options = new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };
        using var json = new Utf8JsonWriter(stream, options);
        json.WriteStartObject();
        json.WriteString("schema", schema);
        body(json);
        json.WriteEndObject();
        json.Flush();
        stream.Write("\n"u8);
    }

    /// <summary>Writes what has a form of its own.</summary>
    public void WriteRaw(Action<Stream> body) => body(stream);

    /// <inheritdoc/>
    public void Dispose() => file?.Dispose();

    private void Finish()
    {
        Text.Flush();
        stream.Flush();
        if (file is null) return;
        stream.Dispose();
        file.Commit();
    }
}
