using System.CommandLine;
using PvPatch.Checking;
using PvPatch.Cli.Rendering;

namespace PvPatch.Cli.Verbs;

/// <summary><c>verify</c>: is every site legal, and every rewrite sound?</summary>
internal static class VerifyVerb
{
    public static Command Create()
    {
        var image = new Argument<string>("IMAGE") { Description = "A kernel, original or rewritten: ELF vmlinux." };
        var against = new Option<string?>("--against")
        {
            Description = "The image it was made of: nothing may differ outside of sites.",
            HelpName = "ORIGINAL",
        };
        var verb = new Command("verify", "Check that every site of an image is legal and every rewrite sound.") { image, against };
        var common = new CommonOptions(verb, withSarif: true);
        verb.SetAction(result =>
        {
            using var progress = Progress.Start("decoding text", common.IsQuiet(result));
            using LoadedImage loaded = LoadedImage.Open(result.GetRequiredValue(image), common.AllowsEmpty(result));
            List<Finding> findings = [.. Failure.In(loaded.Path, () => ImageVerifier.Verify(loaded.Image, loaded.Sites))];
            if (result.GetValue(against) is { } path)
            {
                using LoadedImage original = LoadedImage.Open(path, common.AllowsEmpty(result));
                findings.AddRange(Failure.In(path, () => FileComparer.Compare(loaded.Image, original.Image, original.Sites)));
            }

            return common.Write(result, report =>
            {
                Write(report, common.Format(result), loaded, findings);
                return findings.Count == 0 ? ExitCode.Clean : ExitCode.Findings;
            });
        });
        return verb;
    }

    private static void Write(Report report, OutputFormat format, LoadedImage loaded, List<Finding> findings)
    {
        if (format == OutputFormat.Sarif)
        {
            report.WriteRaw(stream => SarifReport.Write(stream, loaded.Path, loaded.Image.Elf, VerifyRules.All, findings));
            return;
        }

        if (format == OutputFormat.Json)
        {
            report.WriteJson("pvpatch.verify/1", json =>
            {
                ScanVerb.WriteImage(json, loaded);
                json.WriteNumber("sites", loaded.Sites.All.Count);
                FindingReport.WriteJson(json, loaded.Image.Symbols, findings);
            });
            return;
        }

        FindingReport.WriteText(report.Text, report.Paint, loaded.Image.Symbols, findings);
        report.Text.WriteLine(findings.Count == 0
            ? $"{loaded.Path}: {loaded.Sites.All.Count:n0} sites, {report.Paint.Green("no findings")}"
            : $"{loaded.Path}: {loaded.Sites.All.Count:n0} sites, {report.Paint.Red($"{findings.Count:n0} finding{(findings.Count == 1 ? string.Empty : "s")}")}");
    }
}
