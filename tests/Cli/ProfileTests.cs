using PvPatch.Platforms;
using PvPatch.Tests.Platforms;
using PvPatch.Tests.Tools;

namespace PvPatch.Tests.Cli;

/// <summary>profile: from memory, a capture, this machine.</summary>
public sealed class ProfileTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void AMemorysProfileCanBeRewrittenWith()
    {
        string dump = folder.Write("ram", new Dump(2).Put(MiniCopy.At("mini_key_flip"), 1).Physical(0x1000000, 1)), profile = folder.Path("vm.json");
        Pvpatch run = Pvpatch.Run("profile", TestPaths.Mini, "--memory", dump, "--at", "phys:0x1000000", "-o", profile);
        Assert.Equal((0, string.Empty, string.Empty), (run.Code, run.Output, run.Errors));
        Assert.Equal(1, CpuProfileJson.Read(File.ReadAllBytes(profile)).StaticKeys["mini_key_flip"]);
        Assert.Equal(0, Pvpatch.Run("rewrite", TestPaths.Mini, "--cpu", profile, "-o", folder.Path("out")).Code);
    }

    [Fact]
    public void ACapturesUnknownsAreRemarkedUponUnlessQuiet()
    {
        string capture = folder.Path("capture");
        File.WriteAllText(capture, Captures.Zen2);
        Pvpatch run = Pvpatch.Run("profile", TestPaths.Mini, "--cpuinfo", capture);
        Assert.Equal(0, run.Code);
        Assert.All(
            run.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries),
            l => Assert.StartsWith("pvpatch: unknown: ", l, StringComparison.Ordinal));
        Assert.Contains("static keys", run.Errors);
        Pvpatch quiet = Pvpatch.Run("profile", TestPaths.Mini, "--cpuinfo", capture, "--quiet");
        Assert.Equal((0, run.Output, string.Empty), (quiet.Code, quiet.Output, quiet.Errors));
        Assert.Equal("srso_return_thunk", CpuProfileJson.Read(System.Text.Encoding.UTF8.GetBytes(run.Output)).ReturnThunk);
    }

    [Fact]
    public void ThisMachineHasOne()
    {
        Pvpatch run = Pvpatch.Run("profile", TestPaths.Mini, "--host", "-q");
        Assert.Equal(0, run.Code);
        Assert.Contains("X86_FEATURE_FPU", CpuProfileJson.Read(System.Text.Encoding.UTF8.GetBytes(run.Output)).Features);
    }
}
