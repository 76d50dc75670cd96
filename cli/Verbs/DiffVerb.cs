using System.CommandLine;
using PvPatch.Checking;
using PvPatch.Cli.Rendering;
using PvPatch.Kernel;
using PvPatch.Patching;
using PvPatch.Platforms;
using PvPatch.Sites;
using PvPatch.X86;

namespace PvPatch.Cli.Verbs;

/// <summary><c>diff</c>: sites added, removed and changed between two images.</summary>
internal static class DiffVerb
{
    private static readonly string[] Statuses = ["added", "removed", "changed"];

    public static Command Create()
    {
        var old = new Argument<string>("OLD") { Description = "The image before: ELF vmlinux." };
        var fresh = new Argument<string>("NEW") { Description = "The image after: ELF vmlinux." };
        Option<SiteKind[]> kinds = KindOption.Create("--kind", "Only these kinds of sites");
        var stat = new Option<bool>("--stat") { Description = "The summary only." };
        var limit = new Option<int?>("--limit") { Description = "At most this many lines of sites.", HelpName = "N" };
        var verb = new Command("diff", "Show the patch sites added, removed and changed between two images.") { old, fresh, kinds, stat, limit };
        var common = new CommonOptions(verb);
        verb.SetAction(result =>
        {
            using var progress = Progress.Start("comparing sites", common.IsQuiet(result));
            using LoadedImage before = LoadedImage.Open(result.GetRequiredValue(old), common.AllowsEmpty(result));
            using LoadedImage after = LoadedImage.Open(result.GetRequiredValue(fresh), common.AllowsEmpty(result));
            HashSet<SiteKind> wanted = [.. result.GetValue(kinds) is { Length: > 0 } some ? some : SiteKindNames.All];
            foreach (LoadedImage loaded in new[] { before, after }) Failure.In(loaded.Path, () => loaded.Sites.All); // so that each is named for its own sites
            (SiteCatalog oldCatalog, SiteCatalog newCatalog) = (before.Catalog(), after.Catalog());
            SiteDiff diff = Failure.In(after.Path, () =>
                SiteDiff.Compare(before.Image, oldCatalog, before.Sites, after.Image, newCatalog, after.Sites));
            List<SiteChange> changes = [.. diff.Changes.Where(c => wanted.Contains(c.Kind))];
            int shown = result.GetValue(stat) ? 0 : result.GetValue(limit) ?? int.MaxValue;
            return common.Write(result, report =>
            {
                if (common.Format(result) == OutputFormat.Json)
                    WriteJson(report, before, after, oldCatalog, newCatalog, diff, changes, wanted, shown);
                else
                    WriteText(report, before, after, oldCatalog, newCatalog, diff, changes, wanted, shown);
                return changes.Count == 0 ? ExitCode.Clean : ExitCode.Findings;
            });
        });
        return verb;
    }

    private static void WriteText(
        Report report, LoadedImage before, LoadedImage after, SiteCatalog oldCatalog, SiteCatalog newCatalog,
        SiteDiff diff, List<SiteChange> changes, HashSet<SiteKind> wanted, int shown)
    {
        TextTable.Write(report.Text, ["kind", ">added", ">removed", ">changed", ">same"], SiteKindNames.All.Where(wanted.Contains)
            .Select(kind => (IReadOnlyList<string>)
            [
                kind.Text(), Count(changes, kind, "added"), Count(changes, kind, "removed"), Count(changes, kind, "changed"),
                diff.Same(kind).ToString("n0"),
            ]));
        (var oldText, var newText) = (new Disassembler(before.Image.Symbols), new Disassembler(after.Image.Symbols));
        foreach (SiteChange change in changes.Take(shown))
        {
            Site site = change.New ?? change.Old!.Value;
            string status = Status(change);
            string painted = status switch
            {
                "added" => report.Paint.Green(status),
                "removed" => report.Paint.Red(status),
                _ => report.Paint.Yellow(status),
            };
            SiteCatalog catalog = change.New is null ? oldCatalog : newCatalog;
            var bytes = new List<string>();
            var code = new List<string>();
            if (change.Old is { } o) Describe(before, oldText, o, bytes, code);
            if (change.New is { } n) Describe(after, newText, n, bytes, code);
            report.Text.WriteLine(
                $"{painted} {Hex.Column(site.Address)} {change.Kind.Text()} {site.Length} <{change.Name}> {catalog.Describe(site)} {string.Join(" -> ", bytes)}  # {string.Join(" => ", code)}");
        }

        if (shown != 0 && changes.Count > shown) report.Text.WriteLine($"… and {changes.Count - shown:n0} more");
    }

    private static void Describe(LoadedImage loaded, Disassembler text, in Site site, List<string> bytes, List<string> code)
    {
        ReadOnlySpan<byte> at = loaded.Image.Memory.Slice(site.Address, (ulong)site.Length, "site");
        bytes.Add(Hex.Bytes(at));
        code.Add(text.Format(at, site.Address));
    }

    private static void WriteJson(
        Report report, LoadedImage before, LoadedImage after, SiteCatalog oldCatalog, SiteCatalog newCatalog,
        SiteDiff diff, List<SiteChange> changes, HashSet<SiteKind> wanted, int shown) => report.WriteJson("pvpatch.diff/1", json =>
    {
        json.WriteStartObject("old");
        ScanVerb.WriteImage(json, before);
        json.WriteEndObject();
        json.WriteStartObject("new");
        ScanVerb.WriteImage(json, after);
        json.WriteEndObject();
        json.WriteStartObject("totals");
        foreach (SiteKind kind in SiteKindNames.All.Where(wanted.Contains))
        {
            json.WriteStartObject(kind.Text());
            foreach (string status in Statuses)
                json.WriteNumber(status, changes.Count(c => c.Kind == kind && Status(c) == status));
            json.WriteNumber("same", diff.Same(kind));
            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.WriteStartArray("changes");
        foreach (SiteChange change in changes.Take(shown))
        {
            json.WriteStartObject();
            json.WriteString("status", Status(change));
            if (change.Old is { } o) WriteSite("old", before, oldCatalog, o);
            if (change.New is { } n) WriteSite("new", after, newCatalog, n);
            json.WriteEndObject();
        }

        json.WriteEndArray();

        void WriteSite(string name, LoadedImage loaded, SiteCatalog catalog, in Site site)
        {
            json.WriteStartObject(name);
            SiteJson.WriteFields(json, loaded, catalog, site);
            json.WriteEndObject();
        }
    });

    private static string Status(SiteChange change) => change.Old is null ? "added" : change.New is null ? "removed" : "changed";

    private static string Count(List<SiteChange> changes, SiteKind kind, string status) =>
        changes.Count(c => c.Kind == kind && Status(c) == status).ToString("n0");
}
