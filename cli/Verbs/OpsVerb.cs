using System.CommandLine;
using PvPatch.Cli.Rendering;

namespace PvPatch.Cli.Verbs;

/// <summary><c>ops</c>: the op table, a column per platform.</summary>
internal static class OpsVerb
{
    public static Command Create()
    {
        var image = new Argument<string>("IMAGE") { Description = "A kernel: ELF vmlinux." };
        var verb = new Command("ops", "Show the paravirt operations and the function behind each, a column per platform.") { image };
        var common = new CommonOptions(verb);
        verb.SetAction(result =>
        {
            using LoadedImage loaded = LoadedImage.Open(result.GetRequiredValue(image), common.AllowsEmpty(result));
            int[] sites = new int[Math.Max(256, loaded.Ops.Names.Count)];
            foreach (Sites.ParavirtSite site in loaded.Sites.Paravirt) sites[site.Op]++;
            return common.Write(result, report =>
            {
                if (common.Format(result) == OutputFormat.Json) WriteJson(report, loaded, sites);
                else TextTable.Write(report.Text, [">op", "name", ">sites", "native"], Enumerable.Range(0, loaded.Ops.Names.Count)
                    .Select(op => (IReadOnlyList<string>)[$"{op}", loaded.Ops.Names[op], $"{sites[op]}", Function(loaded, op) ?? "NULL"]));
                return ExitCode.Clean;
            });
        });
        return verb;
    }

    private static void WriteJson(Report report, LoadedImage loaded, int[] sites) => report.WriteJson("pvpatch.ops/1", json =>
    {
        ScanVerb.WriteImage(json, loaded);
        json.WriteStartArray("ops");
        for (int op = 0; op < loaded.Ops.Names.Count; op++)
        {
            json.WriteStartObject();
            json.WriteNumber("index", op);
            json.WriteString("name", loaded.Ops.Names[op]);
            json.WriteNumber("sites", sites[op]);
            json.WriteStartObject("platforms");
            json.WriteString("native", Function(loaded, op));
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    });

    private static string? Function(LoadedImage loaded, int op) =>
        loaded.Ops.Functions[op] is var address and not 0 ? loaded.Image.Symbols.Describe(address) : null;
}
