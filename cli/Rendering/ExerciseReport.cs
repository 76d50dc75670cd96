using System.Text.Json;
using PvPatch.Ace.Exercise;
using PvPatch.Elf;

namespace PvPatch.Cli.Rendering;

/// <summary>What <c>--exercise</c> tried, and the shortest schedule that fails, as lines and as JSON.</summary>
internal static class ExerciseReport
{
    /// <summary>A table of the entries, a sum, and the failure step by step.</summary>
    public static void WriteText(TextWriter output, Paint paint, ElfSymbolTable symbols, ExerciseResult result)
    {
        if (result.Failure is { } failure) WriteFailure(output, paint, symbols, failure);
        if (result.Entries.Count == 0) return;
        TextTable.Write(
            output,
            ["entry", ">boundaries", ">interrupts", ">interleavings"],
            result.Entries.Select(e => (string[])[e.Entry.Name, $"{e.Boundaries:n0}", $"{e.Interruptions:n0}", $"{e.Interleavings:n0}"]));
        output.WriteLine(
            $"exercised {result.Entries.Count:n0} entries in {result.SetupStates:n0} states of their data: {result.Boundaries:n0} instruction boundaries, " +
            $"{result.Interruptions:n0} interrupts, {result.Interleavings:n0} interleavings of two processors, {result.Elapsed.TotalSeconds:f2} s: " +
            (result.Failure is null ? paint.Green("atomic") : paint.Red("not atomic")));
        if (result.Bound is { } bound) output.WriteLine(paint.Yellow($"not everything was tried: the search ended after {bound}"));
    }

    /// <summary>The object <c>exercise</c>.</summary>
    public static void WriteJson(Utf8JsonWriter json, ElfSymbolTable symbols, ExerciseResult result)
    {
        json.WriteStartObject("exercise");
        json.WriteStartArray("entries");
        foreach (EntryExercise entry in result.Entries)
        {
            json.WriteStartObject();
            json.WriteString("name", entry.Entry.Name);
            json.WriteString("address", Hex.Word(entry.Entry.Address));
            json.WriteNumber("boundaries", entry.Boundaries);
            json.WriteNumber("interrupts", entry.Interruptions);
            json.WriteNumber("interleavings", entry.Interleavings);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteNumber("states", result.SetupStates);
        json.WriteNumber("boundaries", result.Boundaries);
        json.WriteNumber("interrupts", result.Interruptions);
        json.WriteNumber("interleavings", result.Interleavings);
        json.WriteNumber("seconds", Math.Round(result.Elapsed.TotalSeconds, 3));
        json.WriteString("bound", result.Bound);
        WriteFailure(json, symbols, result.Failure);
        json.WriteEndObject();
    }

    private static void WriteFailure(TextWriter output, Paint paint, ElfSymbolTable symbols, ExerciseFailure failure)
    {
        output.WriteLine(
            $"{Hex.Column(failure.Address)} {paint.Red("error")} {Kind(failure)} <{symbols.Describe(failure.Address)}> {failure.Entry.Name}: {failure.Message}");
        foreach (string step in failure.Schedule) output.WriteLine($"    {step}");
        output.WriteLine($"    expected: {failure.Expected}");
        output.WriteLine($"    found:    {failure.Found}");
    }

    private static void WriteFailure(Utf8JsonWriter json, ElfSymbolTable symbols, ExerciseFailure? failure)
    {
        if (failure is null)
        {
            json.WriteNull("failure");
            return;
        }

        json.WriteStartObject("failure");
        json.WriteString("entry", failure.Entry.Name);
        json.WriteString("kind", Kind(failure));
        json.WriteString("address", Hex.Word(failure.Address));
        json.WriteString("symbol", symbols.Describe(failure.Address));
        json.WriteString("message", failure.Message);
        json.WriteStartArray("schedule");
        foreach (string step in failure.Schedule) json.WriteStringValue(step);
        json.WriteEndArray();
        json.WriteString("expected", failure.Expected);
        json.WriteString("found", failure.Found);
        json.WriteEndObject();
    }

    private static string Kind(ExerciseFailure failure) => JsonNamingPolicy.KebabCaseLower.ConvertName(failure.Kind.ToString());
}
