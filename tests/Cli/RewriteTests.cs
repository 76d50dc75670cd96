using System.Text.Json;
using PvPatch.Tests.Tools;

namespace PvPatch.Tests.Cli;

/// <summary>rewrite: where the image goes, and when it does not.</summary>
public sealed class RewriteTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("baseline")]
    [InlineData("up-lfence")]
    public void TheImageIsTheGoldens(string profile)
    {
        string output = folder.Path("out");
        Pvpatch run = Pvpatch.Run("rewrite", TestPaths.Mini, "-o", output, "--cpu", Profile(profile));
        Assert.Equal(0, run.Code);
        Assert.Contains($"{output}: written and verified", run.Lines);
        Assert.Contains($"CPU profile {profile}", run.Errors);
        using var mini = new MiniKernel();
        Assert.Equal(mini.Rewritten(MiniKernel.Profile(profile)), File.ReadAllBytes(output));
        Assert.Equal(["out"], folder.Names());
    }

    [Fact]
    public void ADryRunWritesNothing()
    {
        string image = folder.Write("image", File.ReadAllBytes(TestPaths.Mini));
        Pvpatch run = Pvpatch.Run("rewrite", image, "--dry-run", "--patches", "--cpu", Profile("baseline"), "-q");
        Assert.Equal((0, string.Empty), (run.Code, run.Errors));
        Assert.Equal(["image"], folder.Names());
        Assert.Equal(File.ReadAllBytes(TestPaths.Mini), File.ReadAllBytes(image));
        string[] patches = [.. run.Lines.Where(l => l.StartsWith("ffffffff", StringComparison.Ordinal))];
        Assert.NotEmpty(patches);
        Assert.All(patches, l => Assert.Matches(@"^[0-9a-f]{16} [a-z-]+ <\S+> [0-9a-f]+ -> [0-9a-f]+ \S.*$", l));
    }

    [Fact]
    public void AsJsonItListsPatchesAndTotals()
    {
        Pvpatch run = Pvpatch.Run(
            "rewrite", TestPaths.Mini, "--dry-run", "--patches", "--format", "json", "--cpu", Profile("baseline"), "-q");
        using var json = JsonDocument.Parse(run.Output);
        Assert.Equal("pvpatch.rewrite/1", json.RootElement.GetProperty("schema").GetString());
        Assert.Equal("native", json.RootElement.GetProperty("target").GetProperty("platform").GetString());
        JsonElement[] patches = [.. json.RootElement.GetProperty("patches").EnumerateArray()];
        Assert.Equal(patches.Select(p => p.GetProperty("address").GetString()).Order(StringComparer.Ordinal), patches.Select(p => p.GetProperty("address").GetString()));
        JsonElement fentry = patches.Single(p => p.GetProperty("symbol").GetString() == "mini_traced");
        Assert.Equal("0f1f440000", fentry.GetProperty("new").GetString());
        Assert.StartsWith("e8", fentry.GetProperty("old").GetString(), StringComparison.Ordinal);
        Assert.NotEmpty(fentry.GetProperty("why").GetString()!);
        Assert.Equal(6, json.RootElement.GetProperty("totals").GetProperty("ftrace").GetProperty("changed").GetInt32());
    }

    [Fact]
    public void TheInputIsNotTouchedUnlessInPlace()
    {
        string image = folder.Write("image", File.ReadAllBytes(TestPaths.Mini));
        Assert.Contains("--in-place", Pvpatch.Trouble("rewrite", image, "-o", image));
        File.CreateSymbolicLink(folder.Path("link"), image);
        Assert.Contains("--in-place", Pvpatch.Trouble("rewrite", image, "-o", folder.Path("link")));
        Assert.Contains("--in-place", Pvpatch.Trouble("rewrite", folder.Path("link"), "-o", image));
        Assert.Contains("--in-place", Pvpatch.Trouble("rewrite", image, "-o", Path.Combine(folder.Root, ".", "image")));
        Assert.Equal(File.ReadAllBytes(TestPaths.Mini), File.ReadAllBytes(image));

        Assert.Equal(0, Pvpatch.Run("rewrite", image, "--in-place", "--cpu", Profile("baseline"), "-q").Code);
        using var mini = new MiniKernel();
        Assert.Equal(mini.Rewritten(MiniKernel.Profile("baseline")), File.ReadAllBytes(image));
        Assert.Equal(["image", "link"], folder.Names());
    }

    [Fact]
    public void ARewriteThatCannotBeProvedIsNotWritten()
    {
        // A branch to the second byte of a return site, where this target writes a jump of five.
        string broken = folder.Write("broken", new MiniCopy().Put(MiniCopy.At("mini_two_returns") + 3, 3).Bytes);
        Pvpatch run = Pvpatch.Run("rewrite", broken, "-o", folder.Path("out"), "--cpu", Profile("up-lfence"));
        Assert.Equal(1, run.Code);
        Assert.Empty(run.Output);
        Assert.Contains("PV1004", run.Errors);
        Assert.Contains("not written", run.Errors);
        Assert.Equal(["broken"], folder.Names());
    }

    [Fact]
    public void AnOldOutputSurvivesAFailure()
    {
        string output = folder.Write("out", [1, 2, 3]);
        string broken = folder.Write("broken", new MiniCopy().Put(MiniCopy.At("mini_two_returns") + 3, 3).Bytes);
        Assert.Equal(1, Pvpatch.Run("rewrite", broken, "-o", output, "--cpu", Profile("up-lfence")).Code);
        Assert.Equal([1, 2, 3], File.ReadAllBytes(output));
    }

    [Fact]
    public void KindsMayBeChosenOrExcepted()
    {
        Assert.Equal(["ftrace"], Kinds("--kind", "ftrace"));
        Assert.DoesNotContain("return", Kinds("--except", "return,ftrace"));
        Assert.Contains("paravirt", Kinds("--except", "return,ftrace"));
    }

    [Fact]
    public void InitialKeysForgetWhatTheProfileRecorded()
    {
        string[] with = Symbols(), without = Symbols("--initial-keys");
        Assert.Contains("mini_flip_short", with); // up-lfence has mini_key_flip on
        Assert.DoesNotContain("mini_flip_short", without);

        string[] Symbols(params string[] more) => Patches("symbol", ["--cpu", Profile("up-lfence"), "--kind", "jump-label", .. more]);
    }

    [Fact]
    public void AProfileOfAnotherPlatformIsTrouble()
    {
        string profile = folder.Write("xen.json", """{"schema":"pvpatch.profile/1","platform":"xen-pv"}"""u8);
        Assert.Contains("xen-pv", Pvpatch.Trouble("rewrite", TestPaths.Mini, "--dry-run", "--cpu", profile));
    }

    private static string[] Kinds(params string[] options) => Patches("kind", ["--cpu", Profile("baseline"), .. options]);

    private static string[] Patches(string field, string[] options)
    {
        Pvpatch run = Pvpatch.Run(["rewrite", TestPaths.Mini, "--dry-run", "--patches", "--format", "json", "-q", .. options]);
        using var json = JsonDocument.Parse(run.Output);
        return [.. json.RootElement.GetProperty("patches").EnumerateArray().Select(p => p.GetProperty(field).GetString()!).Distinct()];
    }

    private static string Profile(string name) => Path.Combine(TestPaths.Data, "profiles", $"{name}.json");
}
