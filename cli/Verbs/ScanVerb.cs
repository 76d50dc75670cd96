using System.CommandLine;
using System.Text.Json;
using PvPatch.Cli.Rendering;
using PvPatch.Kernel;
using PvPatch.Patching;
using PvPatch.Platforms;
using PvPatch.Sites;

namespace PvPatch.Cli.Verbs;

/// <summary><c>scan</c>: every site, and totals.</summary>
internal static class ScanVerb
{
    public static Command Create()
    {
        var image = new Argument<string>("IMAGE") { Description = "A kernel: ELF vmlinux." };
        Option<SiteKind[]> kinds = KindOption.Create("--kind", "Only these kinds of sites");
        var stat = new Option<bool>("--stat") { Description = "Totals only." };
        var verb = new Command("scan", "List every patch site of an image, and totals.") { image, kinds, stat };
        var common = new CommonOptions(verb);
        verb.SetAction(result =>
        {
            using var progress = Progress.Start("reading sites", common.IsQuiet(result));
            using LoadedImage loaded = LoadedImage.Open(result.GetRequiredValue(image), common.AllowsEmpty(result));
            HashSet<SiteKind> wanted = [.. result.GetValue(kinds) is { Length: > 0 } some ? some : SiteKindNames.All];
            bool sites = !result.GetValue(stat);
            return common.Write(result, report =>
            {
                if (common.Format(result) == OutputFormat.Json) WriteJson(report, loaded, wanted, sites);
                else WriteText(report, loaded, wanted, sites);
                return ExitCode.Clean;
            });
        });
        return verb;
    }

    private static void WriteText(Report report, LoadedImage loaded, HashSet<SiteKind> wanted, bool sites)
    {
        SiteCatalog catalog = loaded.Catalog();
        if (sites)
        {
            foreach (Site site in loaded.Sites.All)
            {
                if (!wanted.Contains(site.Kind)) continue;
                ReadOnlySpan<byte> bytes = loaded.Image.Memory.Slice(site.Address, (ulong)site.Length, "site");
                report.Text.WriteLine(
                    $"{Hex.Column(site.Address)} {site.Kind.Text()} {site.Length} <{loaded.Image.Symbols.Describe(site.Address)}> {catalog.Describe(site)} {Hex.Bytes(bytes)}");
            }
        }

        TextTable.Write(report.Text, ["kind", ">sites", ">bytes"], Totals(loaded, wanted).Select(t => (IReadOnlyList<string>)
            [t.Kind, t.Sites.ToString("n0"), t.Bytes.ToString("n0")]));
    }

    private static void WriteJson(Report report, LoadedImage loaded, HashSet<SiteKind> wanted, bool sites)
    {
        SiteCatalog catalog = loaded.Catalog();
        report.WriteJson("pvpatch.scan/1", json =>
        {
            WriteImage(json, loaded);
            if (sites)
            {
                json.WriteStartArray("sites");
                foreach (Site site in loaded.Sites.All)
                {
                    if (!wanted.Contains(site.Kind)) continue;
                    json.WriteStartObject();
                    SiteJson.WriteFields(json, loaded, catalog, site);
                    json.WriteEndObject();
                }

                json.WriteEndArray();
            }

            json.WriteStartObject("totals");
            foreach ((string kind, int count, long bytes) in Totals(loaded, wanted))
            {
                json.WriteStartObject(kind);
                json.WriteNumber("sites", count);
                json.WriteNumber("bytes", bytes);
                json.WriteEndObject();
            }

            json.WriteEndObject();
        });
    }

    internal static void WriteImage(Utf8JsonWriter json, LoadedImage loaded)
    {
        json.WriteStartObject("image");
        json.WriteString("path", loaded.Path);
        json.WriteString("buildId", loaded.Image.Elf.ReadBuildId());
        json.WriteString("banner", loaded.Image.Banner);
        json.WriteString("era", loaded.Image.Era.Name);
        json.WriteEndObject();
    }

    private static IEnumerable<(string Kind, int Sites, long Bytes)> Totals(LoadedImage loaded, HashSet<SiteKind> wanted) =>
        SiteKindNames.All.Where(wanted.Contains).Select(kind =>
            (kind.Text(), loaded.Sites.Of(kind).Count(), loaded.Sites.Of(kind).Sum(s => (long)s.Length)));
}
