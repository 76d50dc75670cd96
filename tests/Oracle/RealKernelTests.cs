using System.Diagnostics;
using System.Globalization;
using PvPatch.Checking;
using PvPatch.Kernel;
using PvPatch.Patching;
using PvPatch.Platforms;
using PvPatch.Rewriting;
using PvPatch.Sites;

namespace PvPatch.Tests.Oracle;

/// <summary>Debian's own vmlinux: the tables' sizes by binutils, and verification of a full rewrite.</summary>
public sealed class RealKernelTests(OracleMachine machine) : IClassFixture<OracleMachine>
{
    // Between two symbols of nm, divided by the record sizes of the kernel's headers.
    [Theory]
    [InlineData(SiteKind.Paravirt, "__parainstructions", "__parainstructions_end", 16)]
    [InlineData(SiteKind.Alternative, "__alt_instructions", "__alt_instructions_end", 12)]
    [InlineData(SiteKind.Retpoline, "__retpoline_sites", "__retpoline_sites_end", 4)]
    [InlineData(SiteKind.Return, "__return_sites", "__return_sites_end", 4)]
    [InlineData(SiteKind.Ftrace, "__start_mcount_loc", "__stop_mcount_loc", 8)]
    [InlineData(SiteKind.JumpLabel, "__start___jump_table", "__stop___jump_table", 16)]
    public void EveryRecordIsASite(SiteKind kind, string start, string stop, int size)
    {
        Dictionary<string, ulong> symbols = Nm(machine.Vmlinux);
        using KernelImage image = KernelImage.Open(machine.Vmlinux);
        Assert.Equal((int)(symbols[stop] - symbols[start] + (ulong)size - 1) / size, SiteTable.Read(image).Of(kind).Count());
    }

    [Fact]
    public void StaticCallsAreTheRecordsAndTheTrampolines()
    {
        Dictionary<string, ulong> symbols = Nm(machine.Vmlinux);
        using KernelImage image = KernelImage.Open(machine.Vmlinux);
        int records = (int)(symbols["__stop_static_call_sites"] - symbols["__start_static_call_sites"]) / 8;
        int trampolines = symbols.Keys.Count(n => n.StartsWith("__SCT__", StringComparison.Ordinal) && symbols.ContainsKey($"__SCK__{n[7..]}"));
        Assert.Equal(records + trampolines, SiteTable.Read(image).StaticCalls.Length);
    }

    [Fact]
    public void OriginalHasNoFindings()
    {
        using KernelImage image = KernelImage.Open(machine.Vmlinux);
        Assert.Empty(ImageVerifier.Verify(image, SiteTable.Read(image)).Select(f => f.Message));
    }

    [Fact]
    public void RewriteIsProvedAndRewritingAgainChangesNothing()
    {
        using KernelImage image = KernelImage.Open(machine.Vmlinux);
        SiteTable sites = SiteTable.Read(image);
        string path = Path.Combine(machine.Scratch("rewrite"), "vmlinux");
        ProvedRewrite first = ProvedRewrite.Write(image, sites, () => MakePlan(image, sites), path);
        Assert.Empty(first.Findings.Select(f => f.Message));
        using KernelImage written = KernelImage.Open(path);
        SiteTable writtenSites = SiteTable.Read(written);
        Assert.Equal(sites.All.Count, writtenSites.All.Count);
        Assert.Equal(sites.All.Select(s => (s.Address, s.Length, s.Kind)), writtenSites.All.Select(s => (s.Address, s.Length, s.Kind)));
        Plan second = MakePlan(written, writtenSites);
        for (int i = 0; i < second.Text.Sections.Count; i++)
            Assert.True(second.Text.GetContents(i).SequenceEqual(first.Plan.Text.GetContents(i)), second.Text.Sections[i].Name);
    }

    private static Plan MakePlan(KernelImage image, SiteTable sites)
    {
        var places = new KernelPlaces(image);
        return Plan.Make(image, sites, Target.Resolve(
            image, places, OpTable.Read(image, places), FeatureNames.Load(image.Era.FeatureNames), BaselineProfile.Load()));
    }

    private static Dictionary<string, ulong> Nm(string image)
    {
        using Process nm = Process.Start(new ProcessStartInfo("nm", [image]) { RedirectStandardOutput = true, UseShellExecute = false })!;
        var symbols = new Dictionary<string, ulong>(StringComparer.Ordinal);
        while (nm.StandardOutput.ReadLine() is { } line)
            if (line.Split(' ') is [{ Length: 16 } address, _, var name])
                symbols[name] = ulong.Parse(address, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        return symbols;
    }
}
