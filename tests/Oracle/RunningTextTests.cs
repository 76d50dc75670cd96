using PvPatch.Elf;
using PvPatch.Images;
using PvPatch.Kernel;
using PvPatch.Patching;
using PvPatch.Platforms;
using PvPatch.Sites;

namespace PvPatch.Tests.Oracle;

/// <summary>The rewritten text is the text a kernel runs, byte for byte, on several CPUs.</summary>
public sealed class RunningTextTests(OracleMachine machine) : IClassFixture<OracleMachine>
{
    /// <summary>Below this many differing bytes the dump would be of a kernel that had not patched itself.</summary>
    private const int LeastDiffering = 250_000;

    public static TheoryData<string, int> Machines => new()
    {
        { "qemu64", 1 }, { "qemu64", 2 }, { "max", 1 }, { "max", 2 }, { "EPYC", 1 }, { "EPYC", 2 }, { "Haswell-v1", 1 }, { "Haswell-v1", 2 },
    };

    [Theory]
    [MemberData(nameof(Machines))]
    public void ProfileFromMemoryLeavesNoByte(string cpu, int cpus)
    {
        OracleMachine.Require();
        using var kernel = new OracleKernel(machine.Vmlinux, machine.Boot(machine.Vmlinuz, cpu, cpus));
        CpuProfile profile = kernel.ProfileFromMemory();

        (int differing, IReadOnlyList<ulong> left) = kernel.Compare(kernel.MakePlan(profile));

        Assert.Empty(left.Select(kernel.Image.Symbols.Describe));
        Assert.True(differing > LeastDiffering, $"only {differing} bytes differ");
        Assert.Equal(cpus, profile.Cpus);
        TestContext.Current.SendDiagnosticMessage($"{cpu} x {cpus}: {differing} bytes differ, {left.Count} left");
    }

    [Theory]
    [MemberData(nameof(Machines))]
    public void ProfileFromTextLeavesOnlyKeysAndStaticCalls(string cpu, int cpus)
    {
        OracleMachine.Require();
        using var kernel = new OracleKernel(machine.Vmlinux, machine.Boot(machine.Vmlinuz, cpu, cpus));
        CpuCapture capture = CpuCapture.Parse(File.ReadAllText(Path.Combine(kernel.Run, "cpuinfo.txt")));
        CpuProfile profile = CaptureProfile.Read(kernel.Image, kernel.Sites, kernel.Features, capture, "capture");

        (_, IReadOnlyList<ulong> left) = kernel.Compare(kernel.MakePlan(profile));

        Assert.Empty(left.Where(a => !kernel.IsKeyOrStaticCall(a)).Select(kernel.Image.Symbols.Describe));

        // A guest may have its hypervisor's locks, and “srbds: Unknown: Dependent on hypervisor status” tells nothing of
        // SRBDS_CTRL; all else can be told on these machines.
        string[] untold = ["static keys", "static calls", "X86_FEATURE_SRBDS_CTRL", "X86_FEATURE_PVUNLOCK", "X86_FEATURE_VCPUPREEMPT"];
        Assert.All(profile.Unknown, fact => Assert.Contains(fact.What, untold));
        TestContext.Current.SendDiagnosticMessage($"{cpu} x {cpus}: {left.Count} left, all of keys and static calls");
    }

    [Fact]
    public void BaselineIsTheMachineItNames()
    {
        OracleMachine.Require();
        using var kernel = new OracleKernel(machine.Vmlinux, machine.Boot(machine.Vmlinuz, "qemu64", 2));
        (_, IReadOnlyList<ulong> left) = kernel.Compare(kernel.MakePlan(BaselineProfile.Load()));
        Assert.Empty(left.Where(a => !kernel.IsKeyOrStaticCall(a)).Select(kernel.Image.Symbols.Describe));
    }

    [Fact]
    public void CoreAndRawDumpGiveOneProfile()
    {
        OracleMachine.Require();
        string run = machine.Boot(machine.Vmlinuz, "max", 2, "--core");
        using var kernel = new OracleKernel(machine.Vmlinux, run);
        CpuProfile raw = kernel.ProfileFromMemory();
        using MemoryDump core = MemoryDump.Read(ByteSource.Open(Path.Combine(run, "memory.core")), null);
        CpuProfile fromCore = kernel.ProfileFrom(core);
        Assert.Equivalent(raw with { Name = fromCore.Name, Source = fromCore.Source }, fromCore, strict: true);
    }

    [Fact]
    public void KaslrIsFoundInACore()
    {
        OracleMachine.Require();
        string run = machine.Boot(machine.Vmlinuz, "qemu64", 1, "--core", "--append", "kaslr");
        using var kernel = new OracleKernel(machine.Vmlinux, run);
        using MemoryDump core = MemoryDump.Read(ByteSource.Open(Path.Combine(run, "memory.core")), null);
        KernelMemory memory = KernelMemory.Locate(kernel.Image, core);
        CpuProfile profile = kernel.ProfileFrom(core);
        Assert.Equal("__x86_return_thunk", profile.ReturnThunk);
        Assert.Empty(profile.Ops);
        Assert.Equal(0ul, memory.Slide % 0x20_0000);
    }

    [Fact]
    public void FeatureNumbersAreTheKernelsOwn()
    {
        OracleMachine.Require();
        using KernelImage image = KernelImage.Open(machine.Vmlinux);
        FeatureNames names = FeatureNames.Load(image.Era.FeatureNames);
        IReadOnlyDictionary<string, int> shown = CpuFlagNames.Read(image, bugs: false);
        Assert.True(shown.Count > 150, $"only {shown.Count} flags have names");
        int agree = shown.Count(f => names.NameOf(f.Value) == $"X86_FEATURE_{f.Key.ToUpperInvariant()}");
        string[] renamed = [.. shown.Where(f => names.NameOf(f.Value) != $"X86_FEATURE_{f.Key.ToUpperInvariant()}").Select(f => f.Key).Order()];

        // Flags whose word in /proc/cpuinfo is not their name in the source (the quoted words of cpufeatures.h).
        Assert.Equal(
            ["ace", "ace_en", "ds_cpl", "dts", "monitor", "nrip_save", "pdpe1gb", "pni", "rng", "rng_en", "ss", "sse", "sse2",
                "sse4_1", "sse4_2", "svm_lock", "tm", "tsc_scale", "vmcb_clean"],
            renamed);
        Assert.Equal(shown.Count, agree + renamed.Length);
        foreach ((string word, int number) in CpuFlagNames.Read(image, bugs: true))
            Assert.Contains(word, names.NameOf(number).ToLowerInvariant(), StringComparison.Ordinal);
    }
}
