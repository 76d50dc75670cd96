using PvPatch.Platforms;
using PvPatch.Tests.Tools;

namespace PvPatch.Tests.Platforms;

/// <summary>The format of scripts/capture-cpu.</summary>
public sealed class CpuCaptureTests
{
    [Fact]
    public void TheFirstProcessorIsTheBootCpu()
    {
        var cpu = CpuCapture.Parse(Captures.Zen2);
        Assert.Equal(("AuthenticAMD", 0x17, 0x31, "A CPU of the tests"), (cpu.Vendor, cpu.Family, cpu.Model, cpu.ModelName));
        Assert.Contains("fsgsbase", cpu.Flags);
        Assert.DoesNotContain("none", cpu.Flags); // the second one's
        Assert.Contains("retbleed", cpu.Bugs);
        Assert.Equal(["quiet"], cpu.CommandLine);
        Assert.True(cpu.HasVulnerabilities);
        Assert.Equal("Mitigation: safe RET", cpu.Vulnerability("spec_rstack_overflow"));
        Assert.Equal(string.Empty, cpu.Vulnerability("tsa"));
    }

    // Documentation/admin-guide/cputopology.rst: lists of ranges.
    [Theory]
    [InlineData("0", 1)]
    [InlineData("0-1", 2)]
    [InlineData("0-3,8-11", 8)]
    [InlineData("0,2,4-5", 4)]
    public void PresentCpusAreCountedFromTheList(string list, int count) => Assert.Equal(
        count, CpuCapture.Parse($"== /proc/cpuinfo ==\nflags : fpu\n== /sys/devices/system/cpu/present ==\n{list}\n").Present);

    [Fact]
    public void WithoutTheListProcessorsAreCounted()
    {
        Assert.Equal(3, CpuCapture.Parse("processor : 0\nflags : fpu\n\nprocessor : 1\n\nprocessor : 2\n").Present);
        Assert.Equal(1, CpuCapture.Parse("flags : fpu\n").Present);
    }

    [Fact]
    public void ABareCopyOfCpuinfoWillDo()
    {
        var cpu = CpuCapture.Parse("vendor_id : GenuineIntel\ncpu family : 6\nflags : fpu sse2\nbugs : mds\n");
        Assert.Equal(["fpu", "sse2"], cpu.Flags.Order());
        Assert.False(cpu.HasVulnerabilities);
        Assert.Empty(cpu.CommandLine);
    }

    [Theory]
    [InlineData("")]
    [InlineData("hello\n")]
    [InlineData("== /proc/version ==\nLinux\n")]
    [InlineData("== /proc/cpuinfo ==\nvendor_id : GenuineIntel\n")]
    public void OtherTextIsMalformed(string text) => Assert.Throws<MalformedImageException>(() => CpuCapture.Parse(text));

    [Fact]
    public void TheScriptsOutputOfThisMachineIsRead()
    {
        var cpu = CpuCapture.Parse(Binutils.Run("sh", Path.Combine(TestPaths.Scripts, "capture-cpu")));
        string flags = File.ReadLines("/proc/cpuinfo").First(l => l.StartsWith("flags", StringComparison.Ordinal));
        Assert.Equal(flags.Split(':')[1].Split(' ', StringSplitOptions.RemoveEmptyEntries).Order(), cpu.Flags.Order());
        var host = CpuCapture.Host();
        Assert.Equal(cpu.Flags.Order(), host.Flags.Order());
        Assert.Equal((cpu.Present, cpu.Family, cpu.Vendor), (host.Present, host.Family, host.Vendor));
        Assert.Equal(cpu.Vulnerability("spectre_v2"), host.Vulnerability("spectre_v2"));
    }
}
