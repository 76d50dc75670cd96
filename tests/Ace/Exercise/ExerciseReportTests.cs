using System.Text;
using System.Text.Json;
using PvPatch.Ace.Exercise;
using PvPatch.Cli.Rendering;

namespace PvPatch.Tests.Ace.Exercise;

/// <summary>What people and programs get to see of an exercise.</summary>
public sealed class ExerciseReportTests
{
    private const string NoLock = "entry ace_x\n mov counter(%rip), %rax\n inc %rax\n mov %rax, counter(%rip)\n jmp *%r11";

    [Fact]
    public void TextTellsTheScheduleStepByStep()
    {
        using AceSample sample = AceSample.Assemble(NoLock);
        ExerciseResult result = AceExerciser.Run(sample.Image, sample.Area, ExerciseOptions.Default);
        using var output = new StringWriter();
        ExerciseReport.WriteText(output, new Paint(false), sample.Image.Symbols, result);
        string[] lines = output.ToString().Split('\n');
        Assert.Equal("00007ace00000000 error not-atomic <ace_x> ace_x: two processors leave what neither order of the calls leaves", lines[0]);
        Assert.Equal("    cpu0: 1 instruction of ace_x()", lines[1]);
        Assert.StartsWith("    expected: ", lines[4], StringComparison.Ordinal);
        Assert.Contains(lines, l => l.EndsWith(": not atomic", StringComparison.Ordinal));
    }

    [Fact]
    public void JsonHasTheFields()
    {
        JsonElement good = Json(TinyArea.Good), bad = Json(NoLock);
        Assert.Equal(JsonValueKind.Null, good.GetProperty("failure").ValueKind);
        Assert.Equal(JsonValueKind.Null, good.GetProperty("bound").ValueKind);
        Assert.Equal(3, good.GetProperty("entries").GetArrayLength());
        Assert.Equal(8 + 28 + 8, good.GetProperty("boundaries").GetInt64());
        Assert.True(good.GetProperty("interleavings").GetInt64() > 0 && good.GetProperty("seconds").GetDouble() > 0);
        JsonElement failure = bad.GetProperty("failure");
        Assert.Equal("not-atomic", failure.GetProperty("kind").GetString());
        Assert.Equal("0x7ace00000000", failure.GetProperty("address").GetString());
        Assert.Equal(3, failure.GetProperty("schedule").GetArrayLength());
    }

    private static JsonElement Json(string code)
    {
        using AceSample sample = AceSample.Assemble(code);
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            ExerciseReport.WriteJson(json, sample.Image.Symbols, AceExerciser.Run(sample.Image, sample.Area, ExerciseOptions.Default));
            json.WriteEndObject();
        }

        using var document = JsonDocument.Parse(Encoding.UTF8.GetString(stream.ToArray()));
        return document.RootElement.GetProperty("exercise").Clone();
    }
}
