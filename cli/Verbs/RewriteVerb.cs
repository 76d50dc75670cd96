using System.CommandLine;
using PvPatch.Cli.Rendering;
using PvPatch.Kernel;
using PvPatch.Patching;
using PvPatch.Platforms;
using PvPatch.Rewriting;
using PvPatch.Sites;

namespace PvPatch.Cli.Verbs;

/// <summary><c>rewrite</c>: the image as it runs on a target.</summary>
internal static class RewriteVerb
{
    public static Command Create()
    {
        var image = new Argument<string>("IMAGE") { Description = "A kernel: ELF vmlinux." };
        var output = new Option<string?>("--output", "-o") { Description = "The rewritten image.", HelpName = "OUT" };
        var inPlace = new Option<bool>("--in-place") { Description = "Replace IMAGE itself." };
        var dryRun = new Option<bool>("--dry-run") { Description = "Write no image; report only." };
        var patches = new Option<bool>("--patches") { Description = "List every patch: old bytes, new bytes, why." };
        Option<SiteKind[]> only = KindOption.Create("--kind", "Apply only the passes of these kinds");
        Option<SiteKind[]> except = KindOption.Create("--except", "Apply all passes but those of these kinds");
        var verb = new Command("rewrite", "Write the image as it runs on a target, verified before it gets its name.")
            { image, output, inPlace, dryRun, patches, only, except };
        var target = new TargetOptions(verb);
        var common = new CommonOptions(verb, withOutput: false);
        verb.Validators.Add(result =>
        {
            int ways = (result.GetValue(output) is null ? 0 : 1) + (result.GetValue(inPlace) ? 1 : 0) + (result.GetValue(dryRun) ? 1 : 0);
            if (ways != 1) result.AddError("rewrite: say exactly one of -o OUT, --in-place and --dry-run");
        });
        verb.SetAction(result =>
        {
            string path = result.GetRequiredValue(image);
            string? destination = result.GetValue(inPlace)
                ? (File.Exists(path) ? File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName : null) ?? path
                : result.GetValue(output);
            if (destination is not null && !result.GetValue(inPlace)) InputGuard.Refuse(result, destination);
            using var progress = Progress.Start("rewriting", common.IsQuiet(result));
            using LoadedImage loaded = LoadedImage.Open(path, common.AllowsEmpty(result));
            if (OriginalText.FindPatched(loaded.Image, loaded.Sites) is { } patched)
                throw new Failure(
                    $"{path}: {loaded.Image.Symbols.Describe(patched.Address)}: its text is already rewritten ({patched.Kind.Text()} site); give the original image");
            Target resolved = loaded.Resolve(target.Load(result));
            SiteKind[] kinds = [.. (result.GetValue(only) is { Length: > 0 } some ? some : SiteKindNames.All)
                .Except(result.GetValue(except) ?? [])];
            Plan MakePlan() => Failure.In(path, () => Plan.Make(loaded.Image, loaded.Sites, resolved, kinds));
            Plan plan;
            if (destination is null) plan = MakePlan();
            else
            {
                ProvedRewrite rewrite = Failure.In(destination, () => ProvedRewrite.Write(loaded.Image, loaded.Sites, MakePlan, destination));
                plan = rewrite.Plan;
                if (rewrite.Findings.Count != 0)
                {
                    FindingReport.WriteText(Console.Error, new Paint(false), loaded.Image.Symbols, rewrite.Findings);
                    Console.Error.WriteLine(
                        $"pvpatch: {destination}: not written: the rewrite could not be proved sound, see the {rewrite.Findings.Count} findings above");
                    return ExitCode.Findings;
                }
            }

            common.Remark(result, TargetOptions.Describe(resolved));
            return common.Write(result, report =>
            {
                if (common.Format(result) == OutputFormat.Json)
                    WriteJson(report, loaded, plan, destination, result.GetValue(patches));
                else WriteText(report, loaded, plan, destination, result.GetValue(patches));
                return ExitCode.Clean;
            });
        });
        return verb;
    }

    private static void WriteText(Report report, LoadedImage loaded, Plan plan, string? destination, bool patches)
    {
        if (patches)
        {
            foreach (Patch patch in plan.Patches.OrderBy(p => p.Site.Address))
                report.Text.WriteLine(
                    $"{Hex.Column(patch.Site.Address)} {patch.Site.Kind.Text()} <{loaded.Image.Symbols.Describe(patch.Site.Address)}> {Hex.Bytes(plan.OldBytes(patch))} -> {Hex.Bytes(plan.NewBytes(patch))} {patch.Reason.Text()}");
        }

        var totals = new PlanTotals(loaded.Image, plan);
        List<IReadOnlyList<string>> rows = [.. SiteKindNames.All.Select(kind => (IReadOnlyList<string>)
            [kind.Text(), totals.Sites(kind).ToString("n0"), totals.Changed(kind).ToString("n0"), totals.Bytes(kind).ToString("n0")])];
        rows.Add(["all", Sum(totals.Sites), Sum(totals.Changed), SiteKindNames.All.Sum(totals.Bytes).ToString("n0")]);
        TextTable.Write(report.Text, ["kind", ">sites", ">changed", ">bytes changed"], rows);
        if (destination is not null) report.Text.WriteLine($"{destination}: written and verified");

        static string Sum(Func<SiteKind, int> count) => SiteKindNames.All.Sum(count).ToString("n0");
    }

    private static void WriteJson(Report report, LoadedImage loaded, Plan plan, string? destination, bool patches)
    {
        SiteCatalog catalog = loaded.Catalog();
        report.WriteJson("pvpatch.rewrite/1", json =>
        {
            ScanVerb.WriteImage(json, loaded);
            json.WriteString("output", destination);
            json.WriteStartObject("target");
            json.WriteString("platform", plan.Target.Profile.Platform);
            json.WriteString("profile", plan.Target.Profile.Name);
            json.WriteNumber("cpus", plan.Target.Profile.Cpus);
            json.WriteStartArray("unknown");
            foreach (UnknownFact fact in plan.Target.Profile.Unknown) json.WriteStringValue(fact.What);
            json.WriteEndArray();
            json.WriteEndObject();
            if (patches)
            {
                json.WriteStartArray("patches");
                foreach (Patch patch in plan.Patches.OrderBy(p => p.Site.Address))
                {
                    json.WriteStartObject();
                    SiteJson.WriteFields(json, loaded, catalog, patch.Site);
                    json.WriteString("old", Hex.Bytes(plan.OldBytes(patch)));
                    json.WriteString("new", Hex.Bytes(plan.NewBytes(patch)));
                    json.WriteString("why", patch.Reason.Text());
                    json.WriteEndObject();
                }

                json.WriteEndArray();
            }

            var totals = new PlanTotals(loaded.Image, plan);
            json.WriteStartObject("totals");
            foreach (SiteKind kind in SiteKindNames.All)
            {
                json.WriteStartObject(kind.Text());
                json.WriteNumber("sites", totals.Sites(kind));
                json.WriteNumber("changed", totals.Changed(kind));
                json.WriteNumber("bytes", totals.Bytes(kind));
                json.WriteEndObject();
            }

            json.WriteEndObject();
        });
    }
}
