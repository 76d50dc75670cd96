using System.Text.Json;
using System.Text.RegularExpressions;
using PvPatch.Tests.Tools;

namespace PvPatch.Tests.Cli;

/// <summary>What verbs report: exit codes 0 and 1, the JSON that scripts rely on, lines that can be grepped.</summary>
public sealed class ReportTests : IDisposable
{
    private const int Sites = 237; // records of the fixture's tables and four trampolines: see SiteTableTests for each
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void ScanAsJsonHasTheFieldsOfTheContract()
    {
        JsonElement json = Json(0, "scan", TestPaths.Mini, "--format", "json");
        Assert.Equal("pvpatch.scan/1", json.GetProperty("schema").GetString());
        JsonElement[] sites = [.. json.GetProperty("sites").EnumerateArray()];
        Assert.Equal(Sites, sites.Length);
        ulong last = 0;
        foreach (JsonElement site in sites)
        {
            string address = site.GetProperty("address").GetString()!;
            Assert.Matches("^0x[0-9a-f]+$", address);
            Assert.Matches("^0x[0-9a-f]+$", site.GetProperty("record").GetString());
            ulong at = Convert.ToUInt64(address, 16);
            Assert.True(at >= last);
            last = at;
            Assert.Equal(site.GetProperty("length").GetInt32() * 2, site.GetProperty("bytes").GetString()!.Length);
            Assert.NotEmpty(site.GetProperty("symbol").GetString()!);
            Assert.NotEmpty(site.GetProperty("section").GetString()!);
            string kind = site.GetProperty("kind").GetString()!;
            Assert.Equal(kind == "paravirt", site.TryGetProperty("op", out _));
            Assert.Equal(kind == "alternative", site.TryGetProperty("feature", out _));
        }

        // mini_irq_section: pushf, pop %rax instead of pv_ops.irq.save_fl unless on Xen PV (paravirt.S).
        string place = $"0x{MiniKernel.Symbols["mini_irq_section"]:x}";
        JsonElement[] both = [.. sites.Where(s => s.GetProperty("address").GetString() == place)];
        Assert.Equal("irq.save_fl", both[0].GetProperty("op").GetString());
        Assert.Equal("ALT_NOT(X86_FEATURE_XENPV)", both[1].GetProperty("feature").GetString());
        Assert.Equal("mini_irq_section", both[0].GetProperty("symbol").GetString());
        Assert.Equal(".text", both[0].GetProperty("section").GetString());

        JsonElement totals = json.GetProperty("totals");
        Assert.Equal(
            ["paravirt", "alternative", "retpoline", "return", "lock", "ftrace", "jump-label", "static-call"],
            totals.EnumerateObject().Select(p => p.Name));
        Assert.Equal(Sites, totals.EnumerateObject().Sum(p => p.Value.GetProperty("sites").GetInt32()));
        Assert.Equal(101 * 5, totals.GetProperty("return").GetProperty("bytes").GetInt32()); // .return_sites: 101 entries
        Assert.Equal("b4413196cfa298134c50a0776e639e9b9602fdb2", json.GetProperty("image").GetProperty("buildId").GetString());
    }

    [Fact]
    public void ScanIsOneLineASite()
    {
        Pvpatch run = Pvpatch.Run("scan", TestPaths.Mini);
        Assert.Equal(0, run.Code);
        Assert.Empty(run.Errors);
        string[] sites = [.. run.Lines.Where(l => l.StartsWith("ffffffff", StringComparison.Ordinal))];
        Assert.Equal(Sites, sites.Length);
        Assert.All(sites, l => Assert.Matches(@"^[0-9a-f]{16} [a-z-]+ \d+ <\S+> \S+ [0-9a-f]+$", l));
        Assert.Equal(sites.Order(StringComparer.Ordinal).Select(l => l[..16]), sites.Select(l => l[..16]));
        Assert.DoesNotContain('\e', run.Output);
        Assert.Contains(
            $"{MiniKernel.Symbols["mini_get_user"]:x} alternative 3 <mini_get_user> X86_FEATURE_SMAP 909090", sites);
    }

    [Theory]
    [InlineData("lock", 7)]
    [InlineData("lock,ftrace", 13)]
    public void KindsSelectSites(string kinds, int count)
    {
        Pvpatch run = Pvpatch.Run("scan", TestPaths.Mini, "--kind", kinds);
        Assert.Equal(count, run.Lines.Count(l => l.StartsWith("ffffffff", StringComparison.Ordinal)));
        JsonElement json = Json(0, "scan", TestPaths.Mini, "--kind", kinds, "--format", "json");
        Assert.Equal(count, json.GetProperty("sites").GetArrayLength());
        Assert.Equal(kinds.Split(','), json.GetProperty("totals").EnumerateObject().Select(p => p.Name));
    }

    [Fact]
    public void StatLeavesTheSitesOut()
    {
        Assert.DoesNotContain("ffffffff8", Pvpatch.Run("scan", TestPaths.Mini, "--stat").Output);
        Assert.False(Json(0, "scan", TestPaths.Mini, "--stat", "--format", "json").TryGetProperty("sites", out _));
    }

    [Fact]
    public void VerifyOfASoundImageIsClean()
    {
        Pvpatch run = Pvpatch.Run("verify", TestPaths.Mini, "--against", TestPaths.Mini);
        Assert.Equal(0, run.Code);
        Assert.Equal($"{TestPaths.Mini}: {Sites} sites, no findings", Assert.Single(run.Lines));
        JsonElement json = Json(0, "verify", TestPaths.Mini, "--format", "json");
        Assert.Equal("pvpatch.verify/1", json.GetProperty("schema").GetString());
        Assert.Equal(0, json.GetProperty("findings").GetArrayLength());
    }

    [Fact]
    public void VerifyOfABrokenImageIsOneWithEachFinding()
    {
        string broken = Broken();
        Pvpatch run = Pvpatch.Run("verify", broken, "--against", TestPaths.Mini);
        Assert.Equal(1, run.Code);
        string place = $"{MiniKernel.Symbols["mini_atomic_inc"]:x}";
        Assert.Matches($"^{place} error PV1008 <mini_atomic_inc> .*", run.Lines[0]);
        JsonElement json = Json(1, "verify", broken, "--format", "json");
        JsonElement finding = Assert.Single(json.GetProperty("findings").EnumerateArray());
        Assert.Equal(
            ["PV1008", "error", $"0x{place}", "mini_atomic_inc"],
            new[] { "id", "severity", "address", "symbol" }.Select(f => finding.GetProperty(f).GetString()));
        Assert.Contains("90", finding.GetProperty("message").GetString());
        Assert.Equal(0, Pvpatch.Run("verify", broken, "--exit-zero").Code);
    }

    [Fact]
    public void DiffIsZeroForEqualAndOneForDifferentImages()
    {
        Assert.Equal(0, Pvpatch.Run("diff", TestPaths.Mini, TestPaths.Mini).Code);
        string broken = Broken();
        Pvpatch run = Pvpatch.Run("diff", TestPaths.Mini, broken);
        Assert.Equal(1, run.Code);
        Assert.Equal(
            $"changed {MiniKernel.Symbols["mini_atomic_inc"]:x} lock 1 <mini_atomic_inc> - f0 -> 90  # lock => nop",
            Assert.Single(run.Lines, l => l.StartsWith("changed", StringComparison.Ordinal)));
        Assert.Equal(0, Pvpatch.Run("diff", TestPaths.Mini, broken, "--exit-zero").Code);
        Assert.Equal(0, Pvpatch.Run("diff", TestPaths.Mini, broken, "--kind", "paravirt").Code);

        JsonElement json = Json(1, "diff", TestPaths.Mini, broken, "--format", "json");
        Assert.Equal("pvpatch.diff/1", json.GetProperty("schema").GetString());
        JsonElement change = Assert.Single(json.GetProperty("changes").EnumerateArray());
        Assert.Equal("changed", change.GetProperty("status").GetString());
        Assert.Equal("f0", change.GetProperty("old").GetProperty("bytes").GetString());
        Assert.Equal("90", change.GetProperty("new").GetProperty("bytes").GetString());
        JsonElement locks = json.GetProperty("totals").GetProperty("lock");
        Assert.Equal([0, 0, 1, 6], new[] { "added", "removed", "changed", "same" }.Select(f => locks.GetProperty(f).GetInt32()));
    }

    [Fact]
    public void DiffLimitsItsLinesAndSaysSo()
    {
        string rewritten = folder.Path("rewritten");
        Assert.Equal(0, Pvpatch.Run("rewrite", TestPaths.Mini, "-o", rewritten, "-q").Code);
        Pvpatch run = Pvpatch.Run("diff", TestPaths.Mini, rewritten, "--limit", "3", "--kind", "ftrace");
        Assert.Equal(3, run.Lines.Count(l => l.StartsWith("changed", StringComparison.Ordinal)));
        Assert.Contains("… and 3 more", run.Lines);
    }

    [Fact]
    public void ExplainTellsRecordsPassesAndBothTexts()
    {
        Pvpatch run = Pvpatch.Run("explain", TestPaths.Mini, "mini_irq_section");
        Assert.Equal(0, run.Code);
        Assert.Contains("target native", run.Errors);
        Assert.Contains("irq.save_fl = native_save_fl", run.Output);
        Assert.Contains("chosen  ALT_NOT(X86_FEATURE_XENPV): 9c58  pushf; pop %rax", run.Output.Replace("pushfq", "pushf", StringComparison.Ordinal));
        Assert.Contains("9c580f1f4000", run.Output); // pushf, pop, nop4: the golden

        JsonElement json = Json(0, "explain", TestPaths.Mini, $"0x{MiniKernel.Symbols["mini_irq_section"] + 1:x}", "--format", "json", "-q");
        Assert.Equal("pvpatch.explain/1", json.GetProperty("schema").GetString());
        Assert.Equal(["paravirt", "alternative"], json.GetProperty("sites").EnumerateArray().Select(s => s.GetProperty("kind").GetString()));
        JsonElement[] patches = [.. json.GetProperty("patches").EnumerateArray()];
        Assert.Equal(2, patches.Length);
        Assert.Equal("9c580f1f4000", patches[1].GetProperty("new").GetString());
        Assert.Equal(patches[0].GetProperty("new").GetString(), patches[1].GetProperty("old").GetString());
        Assert.NotEmpty(patches[1].GetProperty("why").GetString()!);
        Assert.Equal("9c580f1f4000", json.GetProperty("platforms").GetProperty("native").GetProperty("bytes").GetString());
    }

    [Fact]
    public void OpsNamesEveryOpAndItsFunction()
    {
        Pvpatch run = Pvpatch.Run("ops", TestPaths.Mini);
        Assert.Equal(0, run.Code);
        Assert.Matches(new Regex(@"^ +3 +cpu\.set_ldt +1 +NULL$", RegexOptions.Multiline, TimeSpan.FromSeconds(1)), run.Output);
        Assert.Matches(new Regex(@"^ +1 +cpu\.read_cr0 +2 +native_read_cr0$", RegexOptions.Multiline, TimeSpan.FromSeconds(1)), run.Output);
        JsonElement json = Json(0, "ops", TestPaths.Mini, "--format", "json");
        Assert.Equal("pvpatch.ops/1", json.GetProperty("schema").GetString());
        JsonElement[] ops = [.. json.GetProperty("ops").EnumerateArray()];
        Assert.Equal(24, ops.Length);
        Assert.Equal(18, ops.Sum(o => o.GetProperty("sites").GetInt32()));
        Assert.Equal("native_read_cr0", ops[1].GetProperty("platforms").GetProperty("native").GetString());
        Assert.Equal(JsonValueKind.Null, ops[3].GetProperty("platforms").GetProperty("native").ValueKind);
    }

    [Fact]
    public void AReportToAFileAppearsOnlyThere()
    {
        string file = folder.Path("sites.json");
        Pvpatch run = Pvpatch.Run("scan", TestPaths.Mini, "--format", "json", "-o", file);
        Assert.Equal((0, string.Empty, string.Empty), (run.Code, run.Output, run.Errors));
        Assert.Equal(Pvpatch.Run("scan", TestPaths.Mini, "--format", "json").Output, File.ReadAllText(file));
        Assert.Equal(["sites.json"], folder.Names());
    }

    [Fact]
    public void AReportThatCannotBeWrittenIsTrouble()
    {
        Assert.Contains("no/such", Pvpatch.Trouble("scan", TestPaths.Mini, "-o", folder.Path("no/such/file")));
        Assert.Contains("directory", Pvpatch.Trouble("scan", TestPaths.Mini, "-o", folder.Root));
        Assert.Empty(folder.Names());
    }

    [Fact]
    public void ColourIsForThoseWhoAskForIt()
    {
        Assert.DoesNotContain('\e', Pvpatch.Run("verify", TestPaths.Mini).Output); // no terminal
        Assert.Contains("\e[32m", Pvpatch.Run("verify", TestPaths.Mini, "--color", "always").Output);
        Assert.DoesNotContain('\e', Pvpatch.Run("verify", TestPaths.Mini, "--color", "always", "--format", "json").Output);
    }

    private string Broken() => folder.Write("broken", new MiniCopy().Put(MiniCopy.At("mini_atomic_inc"), 0x90).Bytes);

    private static JsonElement Json(int code, params string[] arguments)
    {
        Pvpatch run = Pvpatch.Run(arguments);
        Assert.Equal(code, run.Code);
        using var document = JsonDocument.Parse(run.Output);
        return document.RootElement.Clone();
    }
}
