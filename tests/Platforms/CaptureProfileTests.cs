using PvPatch.Platforms;
using PvPatch.Tests.Tools;

namespace PvPatch.Tests.Platforms;

/// <summary>Profiles made of text captures, with the flag names of the fixture (testdata/mini/data.S).</summary>
public sealed class CaptureProfileTests
{
    [Fact]
    public void FlagsAreNamedByTheImagesOwnTables()
    {
        CpuProfile profile = Read(Captures.Zen2);
        Assert.Contains("X86_FEATURE_XMM2", profile.Features); // the flag sse2
        Assert.Contains("X86_FEATURE_SMAP", profile.Features);
        Assert.Contains("X86_BUG_RETBLEED", profile.Bugs);
        Assert.Contains("X86_BUG_SRSO", profile.Bugs);
        Assert.DoesNotContain(profile.Features, f => f.StartsWith("X86_BUG_", StringComparison.Ordinal));
        Assert.Equal(("A CPU of the tests", "the test"), (profile.Name, profile.Source));

        // The fixture prints no flag fsgsbase: it cannot be numbered, and is said to be passed over.
        Assert.Contains(profile.Unknown, u => u.What == "fsgsbase");
    }

    [Fact]
    public void HiddenBitsAreAddedAndWhatCannotBeToldIsListed()
    {
        const ushort smeCoherent = (19 * 32) + 10; // of the bits that some alternative asks for, a capture cannot tell this one
        MiniCopy copy = new MiniCopy().Put(MiniCopy.At("__alt_instructions") + 8, BitConverter.GetBytes(smeCoherent));
        using MiniKernel kernel = copy.Open();
        CpuProfile profile = CaptureProfile.Read(kernel.Image, kernel.Sites, kernel.Features, CpuCapture.Parse(Captures.Zen2), "the test");
        Assert.DoesNotContain(Read(Captures.Zen2).Unknown, u => u.What == "X86_FEATURE_SME_COHERENT");
        Assert.Contains("X86_FEATURE_RETHUNK", profile.Features);
        Assert.DoesNotContain("X86_FEATURE_KERNEL_IBRS", profile.Features);
        Assert.DoesNotContain("X86_FEATURE_SME_COHERENT", profile.Features);
        Assert.Contains(profile.Unknown, u => u.What == "X86_FEATURE_SME_COHERENT");
        Assert.Contains(profile.Unknown, u => u.What == "static keys");
        Assert.Contains(profile.Unknown, u => u.What == "static calls");
        Assert.DoesNotContain(profile.Unknown, u => u.What == "mitigations");
    }

    [Fact]
    public void WithoutVulnerabilitiesTheMitigationsAreUnknown() =>
        Assert.Contains(Read("flags : fpu\n").Unknown, u => u.What == "mitigations");

    // retbleed_return_thunk first, then SRSO or ITS set theirs (cpu_select_mitigations).
    [Theory]
    [InlineData("Mitigation: safe RET", "srso_return_thunk")]
    [InlineData("Vulnerable", "retbleed_return_thunk")]
    [InlineData("Mitigation: SMT disabled", "retbleed_return_thunk")]
    public void OnZen2TheThunkIsSrsosOrRetbleeds(string srso, string thunk) =>
        Assert.Equal(thunk, Read(Captures.Change(Captures.Zen2, "spec_rstack_overflow", srso)).ReturnThunk);

    [Fact]
    public void OtherMachinesHaveTheirs()
    {
        Assert.Equal("srso_alias_return_thunk", Read(Captures.Zen3).ReturnThunk);
        Assert.Equal("its_return_thunk", Read(Captures.CascadeLake).ReturnThunk);
        Assert.Null(Read(Captures.Skylake).ReturnThunk);
    }

    // alternative_instructions: num_present_cpus() == 1 || setup_max_cpus <= 1, unless noreplace-smp.
    [Theory]
    [InlineData(1, "quiet", true)]
    [InlineData(2, "quiet", false)]
    [InlineData(1, "quiet noreplace-smp", false)]
    [InlineData(4, "maxcpus=1", true)]
    [InlineData(4, "maxcpus=0", true)]
    [InlineData(4, "maxcpus=2", false)]
    [InlineData(4, "nosmp", true)]
    [InlineData(4, "nosmp noreplace-smp", false)]
    public void LocksAreDroppedWhereOneCpuIsAllThereWillBe(int present, string commandLine, bool dropped)
    {
        CpuProfile profile = Read(
            $"== /proc/cpuinfo ==\nflags : fpu\n== /proc/cmdline ==\n{commandLine}\n== /sys/devices/system/cpu/present ==\n0-{present - 1}\n");
        Assert.Equal((present, dropped), (profile.Cpus, profile.Uniprocessor));
    }

    [Fact]
    public void AnImageWithoutFlagNamesCannotNumberThem()
    {
        using MiniKernel kernel = AssembledKernel.Build(".text\nnop\n");
        Assert.Contains("x86_cap_flags", Assert.Throws<MalformedImageException>(
            () => CaptureProfile.Read(kernel.Image, kernel.Sites, kernel.Features, CpuCapture.Parse("flags : fpu\n"), "test")).Place);
    }

    private static CpuProfile Read(string capture)
    {
        using var mini = new MiniKernel();
        return CaptureProfile.Read(mini.Image, mini.Sites, mini.Features, CpuCapture.Parse(capture), "the test");
    }
}
