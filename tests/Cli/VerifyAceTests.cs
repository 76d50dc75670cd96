using System.Text.Json;
using PvPatch.Tests.Ace.Exercise;

namespace PvPatch.Tests.Cli;

/// <summary>What <c>verify-ace</c> and the SARIF reports say, and their exit codes.</summary>
public sealed class VerifyAceTests : IDisposable
{
    private const string Address = "7ace00000070";
    private readonly string folder = Directory.CreateTempSubdirectory("pvpatch-ace.").FullName;

    private static string Area => Path.Combine(TestPaths.Data, "images", "ace-area");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void ReferenceAreaIsCleanAndExercised()
    {
        Pvpatch run = Pvpatch.Run("verify-ace", Area, "--exercise");
        Assert.Equal(0, run.Code);
        Assert.StartsWith($"0000{Address} ace_inc_counter 11 instructions, worst case 7", run.Lines[0], StringComparison.Ordinal);
        Assert.Contains(run.Lines, l => l.StartsWith("exercised 7 entries", StringComparison.Ordinal) && l.EndsWith(": atomic", StringComparison.Ordinal));
        Assert.EndsWith(", no findings", run.Lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void JsonHasFindingsAndTheExercise()
    {
        JsonElement root = Json(1, "verify-ace", Variant("no-lock"), "--exercise", "--format", "json");
        Assert.Equal("pvpatch.verify-ace/1", root.GetProperty("schema").GetString());
        Assert.All(root.GetProperty("findings").EnumerateArray(), f => Assert.Equal("PV2036", f.GetProperty("id").GetString()));
        Assert.Equal("not-atomic", root.GetProperty("exercise").GetProperty("failure").GetProperty("kind").GetString());
    }

    [Fact]
    public void BaselineLeavesOutWhatItHas()
    {
        string old = Path.Combine(folder, "old.json"), variant = Variant("no-lock");
        Assert.Equal(1, Pvpatch.Run("verify-ace", variant, "--format", "json", "-o", old).Code);
        Pvpatch same = Pvpatch.Run("verify-ace", variant, "--baseline", old), other = Pvpatch.Run("verify-ace", Variant("traps"), "--baseline", old);
        Assert.Equal((0, 1), (same.Code, other.Code));
        Assert.EndsWith(", no new findings", same.Lines[^1], StringComparison.Ordinal);
        Assert.Equal($"pvpatch: {old}: 2 of its findings are still there, 0 are gone\n", same.Errors);
        Assert.Equal($"pvpatch: {old}: 0 of its findings are still there, 2 are gone\n", other.Errors);
        Assert.Contains("its schema is not pvpatch.verify-ace/1", Pvpatch.Trouble("verify-ace", variant, "--baseline", Path.Combine(TestPaths.Data, "profiles", "baseline.json")));
    }

    [Fact]
    public void SarifHasRulePlaceAndFingerprint()
    {
        JsonElement root = Json(1, "verify-ace", Variant("leaves-by-ret"), "--exercise", "--format", "sarif");
        JsonElement run = Run(root);
        string?[] rules = [.. run.GetProperty("tool").GetProperty("driver").GetProperty("rules").EnumerateArray().Select(r => r.GetProperty("id").GetString())];
        JsonElement[] results = [.. run.GetProperty("results").EnumerateArray()];
        Assert.Equal(["PV2010", "PV2080"], results.Select(r => r.GetProperty("ruleId").GetString()));
        Assert.All(results, r => Assert.Equal(r.GetProperty("ruleId").GetString(), rules[r.GetProperty("ruleIndex").GetInt32()]));
        Assert.All(results, r => Assert.Equal("error", r.GetProperty("level").GetString()));
        JsonElement location = results[0].GetProperty("locations")[0];
        ulong address = location.GetProperty("physicalLocation").GetProperty("address").GetProperty("absoluteAddress").GetUInt64();
        JsonElement region = location.GetProperty("physicalLocation").GetProperty("region");
        byte[] file = File.ReadAllBytes(Path.Combine(folder, "leaves-by-ret"));
        Assert.Equal((0xc3, 1), (file[region.GetProperty("byteOffset").GetInt32()], region.GetProperty("byteLength").GetInt32()));
        Assert.Equal($"ace_inc_counter+0x{address - 0x7ace00000070:x}", location.GetProperty("logicalLocations")[0].GetProperty("fullyQualifiedName").GetString());
        Assert.Matches("^[0-9a-f]{32}$", results[0].GetProperty("partialFingerprints").GetProperty("pvpatch/v1").GetString());
    }

    [Fact]
    public void SarifOfAKernelWithoutFindingsHasNoResult()
    {
        JsonElement run = Run(Json(0, "verify", TestPaths.Mini, "--format", "sarif"));
        Assert.Equal(0, run.GetProperty("results").GetArrayLength());
        Assert.Equal("PV1001", run.GetProperty("tool").GetProperty("driver").GetProperty("rules")[0].GetProperty("id").GetString());
    }

    private static JsonElement Run(JsonElement root)
    {
        Assert.Equal("2.1.0", root.GetProperty("version").GetString());
        Assert.EndsWith("sarif-schema-2.1.0.json", root.GetProperty("$schema").GetString(), StringComparison.Ordinal);
        JsonElement run = Assert.Single(root.GetProperty("runs").EnumerateArray());
        Assert.True(run.GetProperty("invocations")[0].GetProperty("executionSuccessful").GetBoolean());
        return run;
    }

    private static JsonElement Json(int code, params string[] arguments)
    {
        Pvpatch run = Pvpatch.Run(arguments);
        Assert.Equal((code, string.Empty), (run.Code, run.Errors));
        using var document = JsonDocument.Parse(run.Output);
        return document.RootElement.Clone();
    }

    private string Variant(string name)
    {
        string file = Path.Combine(folder, name);
        AceSample.Run(Path.Combine(TestPaths.Scripts, "build-testdata"), "--ace-variant", name, "-o", file);
        return file;
    }
}
