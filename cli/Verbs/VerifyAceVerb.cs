using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.Json;
using PvPatch.Ace;
using PvPatch.Ace.Exercise;
using PvPatch.Checking;
using PvPatch.Cli.Rendering;
using PvPatch.Elf;

namespace PvPatch.Cli.Verbs;

/// <summary><c>verify-ace</c>: is the atomic code area atomic, and does everybody treat it so?</summary>
internal static class VerifyAceVerb
{
    private const string Schema = "pvpatch.verify-ace/1";

    public static Command Create()
    {
        var image = new Argument<string>("IMAGE") { Description = "A kernel, program or object with an area of atomic code: ELF x86-64." };
        Option<AddressRange?> area = Range("--area", "Where the area is, for an image that does not say.");
        Option<AddressRange?> data = Range("--data", "Where the data is that the area may touch.");
        Option<AddressRange?> table = Range("--table", "Where its jump table is.");
        var entries = new Option<string[]>("--entry")
        {
            Description = "A further entry; may be given several times.",
            HelpName = "SYMBOL|ADDRESS",
        };
        var exercise = new Option<bool>("--exercise")
        {
            Description = "Also run it (libunicorn): every entry interrupted at every instruction, nested, and on two processors in every order.",
        };
        var baseline = new Option<string?>("--baseline")
        {
            Description = "A former report (--format json): leave out what it has, by id and symbol.",
            HelpName = "OLD.json",
        };
        var verb = new Command(
            "verify-ace", "Prove an area of atomic code: layout, r11, resumability, locks, memory, callers, interrupt entries.")
        {
            image, area, data, entries, table, exercise, baseline,
        };
        var common = new CommonOptions(verb, withSarif: true);
        verb.SetAction(result =>
        {
            using var progress = Progress.Start("following the area and its callers", common.IsQuiet(result));
            var options = new AceOptions
            {
                Area = result.GetValue(area),
                Data = result.GetValue(data),
                Table = result.GetValue(table),
                Entries = result.GetValue(entries) ?? [],
            };
            string path = result.GetRequiredValue(image);
            using var loaded = Failure.In(path, () => LoadedArea.Open(path));
            AceReport? found = Failure.In(path, () => loaded.Verify(options));
            if (found is null && !common.AllowsEmpty(result))
                throw new Failure($"{path}: there is no area: no section .ace and no __ace_start and __ace_end; --area names one (--allow-empty accepts none)");
            ExerciseResult? ran = found is not null && result.GetValue(exercise)
                ? AceExerciser.Run(loaded.Elf, found.Area, ExerciseOptions.Default)
                : null;
            if (result.GetValue(baseline) is { } old)
            {
                var known = Baseline.Read(old, Schema);
                int all = found?.Findings.Count ?? 0;
                if (found is not null) found = found with { Findings = known.Without(found.Findings, loaded.Elf.Symbols) };
                common.Remark(result, $"{old}: {all - (found?.Findings.Count ?? 0):n0} of its findings are still there, {known.Left:n0} are gone");
            }

            return common.Write(result, report =>
            {
                Write(report, common.Format(result), loaded, found, ran, result.GetValue(baseline) is null ? "findings" : "new findings");
                return found is null or { Findings: [] } && ran?.Failure is null ? ExitCode.Clean : ExitCode.Findings;
            });
        });
        return verb;
    }

    private static void Write(Report report, OutputFormat format, LoadedArea loaded, AceReport? found, ExerciseResult? ran, string noun)
    {
        switch (format)
        {
            case OutputFormat.Json:
                WriteJson(report, loaded, found, ran);
                break;
            case OutputFormat.Sarif:
                Finding[] failures = ran?.Failure is { } failure
                    ? [new Finding(AceRules.FailsWhenRun, failure.Address, $"{failure.Entry.Name}: {failure.Message}: {string.Join("; ", failure.Schedule)}")]
                    : [];
                report.WriteRaw(stream => SarifReport.Write(stream, loaded.Path, loaded.Elf, AceRules.All, [.. found?.Findings ?? [], .. failures]));
                break;
            default:
                WriteText(report, loaded, found, ran, noun);
                break;
        }
    }

    private static Option<AddressRange?> Range(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "START-END",
        CustomParser = result =>
        {
            string[] ends = result.Tokens[^1].Value.Split('-');
            if (ends.Length == 2 && Address(ends[0]) is { } start && Address(ends[1]) is { } end && end >= start) return new AddressRange(start, end);
            result.AddError($"{name}: “{result.Tokens[^1].Value}” is not START-END, two addresses in hex, the second after the last byte");
            return null;
        },
    };

    private static ulong? Address(string text)
    {
        ReadOnlySpan<char> digits = text.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? text.AsSpan(2) : text;
        return ulong.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong address) ? address : null;
    }

    private static void WriteText(Report report, LoadedArea loaded, AceReport? found, ExerciseResult? ran, string noun)
    {
        TextWriter output = report.Text;
        if (found is null)
        {
            output.WriteLine($"{loaded.Path}: no area");
            return;
        }

        foreach (AceEntryReport entry in found.Entries)
        {
            string worst = entry.WorstCase is { } most ? $"worst case {most:n0} and the locks' spins" : "worst case not bounded";
            output.WriteLine($"{Hex.Column(entry.Entry.Address)} {entry.Entry.Name} {entry.Boundaries.Count:n0} instructions, {worst}");
        }

        AceFindingReport.WriteText(report, loaded, found.Findings);
        if (ran is not null) ExerciseReport.WriteText(output, report.Paint, loaded.Elf.Symbols, ran);
        string sum = $"{loaded.Path}: area of {found.Area.End - found.Area.Start:n0} bytes, {found.Entries.Count:n0} entries, {found.Callers:n0} callers, {found.Handlers:n0} interrupt entries";
        output.WriteLine(found.Findings.Count == 0
            ? $"{sum}, {report.Paint.Green($"no {noun}")}"
            : $"{sum}, {report.Paint.Red($"{found.Findings.Count:n0} {noun}")}");
    }

    private static void WriteJson(Report report, LoadedArea loaded, AceReport? found, ExerciseResult? ran) => report.WriteJson(Schema, json =>
    {
        json.WriteStartObject("image");
        json.WriteString("path", loaded.Path);
        json.WriteString("buildId", loaded.Elf.ReadBuildId());
        json.WriteEndObject();
        if (found is null) json.WriteNull("area");
        else WriteArea(json, found);
        json.WriteStartArray("entries");
        foreach (AceEntryReport entry in found?.Entries ?? [])
        {
            json.WriteStartObject();
            json.WriteString("name", entry.Entry.Name);
            json.WriteString("address", Hex.Word(entry.Entry.Address));
            json.WriteNumber("instructions", entry.Boundaries.Count);
            if (entry.WorstCase is { } worst) json.WriteNumber("worstCase", worst);
            else json.WriteNull("worstCase");
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteNumber("callers", found?.Callers ?? 0);
        json.WriteNumber("interruptEntries", found?.Handlers ?? 0);
        AceFindingReport.WriteJson(json, loaded, found?.Findings ?? []);
        if (ran is not null) ExerciseReport.WriteJson(json, loaded.Elf.Symbols, ran);
    });

    private static void WriteArea(Utf8JsonWriter json, AceReport found)
    {
        json.WriteStartObject("area");
        json.WriteString("start", Hex.Word(found.Area.Start));
        json.WriteString("end", Hex.Word(found.Area.End));
        json.WriteString("dataStart", Hex.Word(found.Area.DataStart));
        json.WriteString("dataEnd", Hex.Word(found.Area.DataEnd));
        json.WriteString("tableStart", Hex.Word(found.Area.TableStart));
        json.WriteString("tableEnd", Hex.Word(found.Area.TableEnd));
        json.WriteEndObject();
    }
}
