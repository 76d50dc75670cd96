using System.Text;
using System.Text.Json;
using PvPatch.Platforms;

namespace PvPatch.Tests.Platforms;

/// <summary>Profiles as JSON, schema pvpatch.profile/1.</summary>
public sealed class CpuProfileJsonTests
{
    private static readonly CpuProfile Full = new()
    {
        Name = "a “name”",
        Source = "a source",
        BuildId = "0123abcd",
        Platform = "native",
        Cpus = 3,
        Uniprocessor = true,
        Features = ["X86_FEATURE_FPU", "4*32+3"],
        Bugs = ["X86_BUG_SRSO"],
        ReturnThunk = "srso_return_thunk",
        Ops = new Dictionary<string, string> { ["irq.halt"] = "native_halt" },
        StaticKeys = new Dictionary<string, int> { ["z"] = 2, ["a"] = -1 },
        StaticCalls = new Dictionary<string, string> { ["__SCK__x"] = string.Empty },
        LateStaticCalls = ["__SCK__x"],
        Unknown = [new UnknownFact("what", "why")],
    };

    [Fact]
    public void AProfileComesBackAsItWas()
    {
        CpuProfile back = CpuProfileJson.Read(Write(Full));
        Assert.Equivalent(Full, back, strict: true);
        Assert.Equal(-1, back.StaticKeys["a"]);
    }

    [Fact]
    public void FieldsHaveTheNamesOfTheSchema()
    {
        using var json = JsonDocument.Parse(Write(Full));
        Assert.Equal(
            [
                "schema", "name", "source", "buildId", "platform", "cpus", "uniprocessor", "features", "bugs", "returnThunk", "ops",
                "staticKeys", "staticCalls", "lateStaticCalls", "unknown",
            ],
            json.RootElement.EnumerateObject().Select(p => p.Name));
        Assert.Equal("pvpatch.profile/1", json.RootElement.GetProperty("schema").GetString());
        Assert.Equal(["a", "z"], json.RootElement.GetProperty("staticKeys").EnumerateObject().Select(p => p.Name)); // sorted
        Assert.Equal("why", json.RootElement.GetProperty("unknown")[0].GetProperty("why").GetString());
    }

    [Fact]
    public void AnAbsentFieldHasItsDefault()
    {
        CpuProfile profile = CpuProfileJson.Read("""{"schema":"pvpatch.profile/1"}"""u8.ToArray());
        Assert.Equal(("native", 2, false), (profile.Platform, profile.Cpus, profile.Uniprocessor));
        Assert.Empty(profile.Features);
        Assert.Null(profile.ReturnThunk);
        Assert.Null(profile.BuildId);
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(2, false)]
    public void OneCpuMeansUniprocessorUnlessSaidOtherwise(int cpus, bool uniprocessor)
    {
        Assert.Equal(uniprocessor, Parse($$"""{"schema":"pvpatch.profile/1","cpus":{{cpus}}}""").Uniprocessor);
        Assert.Equal(!uniprocessor, Parse(
            $$"""{"schema":"pvpatch.profile/1","cpus":{{cpus}},"uniprocessor":{{(uniprocessor ? "false" : "true")}}}""").Uniprocessor);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"schema":"pvpatch.profile/2"}""")]
    [InlineData("""{"schema":1}""")]
    [InlineData("""{"schema":"pvpatch.profile/1","cpus":0}""")]
    [InlineData("""{"schema":"pvpatch.profile/1","cpus":-1}""")]
    [InlineData("""{"schema":"pvpatch.profile/1","cpus":"two"}""")]
    [InlineData("""{"schema":"pvpatch.profile/1","cpus":1.5}""")]
    [InlineData("""{"schema":"pvpatch.profile/1","cpus":99999999999}""")]
    [InlineData("""{"schema":"pvpatch.profile/1","uniprocessor":1}""")]
    [InlineData("""{"schema":"pvpatch.profile/1","features":"X86_FEATURE_FPU"}""")]
    [InlineData("""{"schema":"pvpatch.profile/1","features":[1]}""")]
    [InlineData("""{"schema":"pvpatch.profile/1","features":[null]}""")]
    [InlineData("""{"schema":"pvpatch.profile/1","ops":[]}""")]
    [InlineData("""{"schema":"pvpatch.profile/1","ops":{"irq.halt":null}}""")]
    [InlineData("""{"schema":"pvpatch.profile/1","staticKeys":{"a":"1"}}""")]
    [InlineData("""{"schema":"pvpatch.profile/1","staticCalls":{"a":null}}""")]
    [InlineData("""{"schema":"pvpatch.profile/1","unknown":["x"]}""")]
    [InlineData("""{"schema":"pvpatch.profile/1","name":7}""")]
    public void OtherTextIsMalformed(string text) => Assert.Throws<MalformedImageException>(() => Parse(text));

    [Fact]
    public void TheBuiltInProfileIsTheMachineItNames()
    {
        CpuProfile profile = BaselineProfile.Load();
        Assert.Equal((BaselineProfile.Name, 2, false), (profile.Name, profile.Cpus, profile.Uniprocessor));
        Assert.Contains("X86_FEATURE_RETPOLINE", profile.Features);
        Assert.Empty(profile.StaticKeys);
    }

    private static CpuProfile Parse(string text) => CpuProfileJson.Read(Encoding.UTF8.GetBytes(text));

    private static byte[] Write(CpuProfile profile)
    {
        using var stream = new MemoryStream();
        CpuProfileJson.Write(stream, profile);
        return stream.ToArray();
    }
}
