using PvPatch.Platforms;
using PvPatch.Sites;
using PvPatch.Tests.Tools;

namespace PvPatch.Tests.Platforms;

/// <summary>Profiles applied to the fixture: what fits, and what is said of the rest.</summary>
public sealed class TargetTests
{
    // cpufeatures.h of Linux 6.1: SMAP is word 9, bit 20; the first bug word is 22.
    [Theory]
    [InlineData("X86_FEATURE_SMAP", (9 * 32) + 20)]
    [InlineData("X86_FEATURE_ALWAYS", (3 * 32) + 21)]
    [InlineData("X86_FEATURE_XENPV", 272)]
    [InlineData("X86_BUG_SYSRET_SS_ATTRS", (22 * 32) + 8)]
    [InlineData("X86_BUG_SRSO", 23 * 32)]
    [InlineData("9*32+20", (9 * 32) + 20)]
    [InlineData("1*32+0", 32)]
    public void ANamedBitIsSetAndNoOther(string name, int number)
    {
        using var mini = new MiniKernel();
        Target target = mini.MakeTarget(new CpuProfile { Name = "t", Source = "t", Features = [name] });
        for (int i = 0; i < 768; i++)
        {
            Assert.Equal(i == number, target.Selects(new FeatureTest((ushort)i, Not: false)));
            Assert.Equal(i != number, target.Selects(new FeatureTest((ushort)i, Not: true)));
        }

        Assert.Empty(target.Notes);
    }

    [Theory]
    [InlineData("X86_FEATURE_NO_SUCH")]
    [InlineData("99*32+0")]
    [InlineData("1*32+32")]
    public void AnUnknownNameIsNoted(string name)
    {
        using var mini = new MiniKernel();
        Target target = mini.MakeTarget(new CpuProfile { Name = "t", Source = "t", Features = [name] });
        Assert.Contains(name, Assert.Single(target.Notes));
    }

    [Fact]
    public void KeysAndCallsOfAnotherKernelAreCountedNotRefused()
    {
        using var mini = new MiniKernel();
        Target target = mini.MakeTarget(MiniKernel.With() with
        {
            StaticKeys = new Dictionary<string, int> { ["no_such_key"] = 1, ["mini_key_flip"] = 1 },
            StaticCalls = new Dictionary<string, string> { ["no_such_call"] = "memcpy" },
            Ops = new Dictionary<string, string> { ["irq.no_such"] = "memcpy" },
        });
        Assert.StartsWith("3 of", Assert.Single(target.Notes), StringComparison.Ordinal);
        Assert.True(target.IsKeyEnabled(MiniKernel.Symbols["mini_key_flip"]));
    }

    [Fact]
    public void AnotherBuildIsNoted()
    {
        using var mini = new MiniKernel();
        Assert.Single(mini.MakeTarget(MiniKernel.With() with { BuildId = "00" }).Notes, n => n.Contains("another build", StringComparison.Ordinal));
        Assert.Empty(mini.MakeTarget(MiniKernel.With() with { BuildId = mini.Image.Elf.ReadBuildId() }).Notes);
    }

    [Fact]
    public void AnOpsUnknownFunctionIsAnError()
    {
        using var mini = new MiniKernel();
        Assert.Throws<MalformedImageException>(() => mini.MakeTarget(
            MiniKernel.With() with { Ops = new Dictionary<string, string> { ["irq.halt"] = "no_such" } }));
    }

    // jump-label.S: the counts in the file. static_key_count: a negative count is on.
    [Fact]
    public void KeysAreAsTheImageHasThemUnlessRecorded()
    {
        using var mini = new MiniKernel();
        ulong key = MiniKernel.Symbols["mini_key_true"];
        Target image = mini.MakeTarget();
        Assert.True(image.IsKeyEnabled(key));
        Assert.False(image.IsKeyEnabled(MiniKernel.Symbols["mini_key_false"]));
        Target recorded = mini.MakeTarget(MiniKernel.With() with { StaticKeys = new Dictionary<string, int> { ["mini_key_true"] = 0 } });
        Assert.False(recorded.IsKeyEnabled(key));
        Assert.True(recorded.IsKeyEnabled(key, initial: true));
        Assert.False(image.IsKeyEnabled(0x1234));
    }
}
