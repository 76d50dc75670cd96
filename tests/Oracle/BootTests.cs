using PvPatch.Cli;
using PvPatch.Kernel;
using PvPatch.Patching;
using PvPatch.Platforms;
using PvPatch.Rewriting;
using PvPatch.Sites;

namespace PvPatch.Tests.Oracle;

/// <summary>A rewritten kernel boots through its PVH entry and ends with the text of an untouched boot.</summary>
public sealed class BootTests(OracleMachine machine) : IClassFixture<OracleMachine>
{
    [Theory]
    [InlineData("qemu64", 1, "")]
    [InlineData("qemu64", 1, "ftrace,return,retpoline")]
    [InlineData("EPYC", 2, "ftrace,return,retpoline,alternative")] // see RewrittenAlternativesShowInStaticCalls
    public void RewrittenKernelBootsToTheSameText(string cpu, int cpus, string except)
    {
        OracleMachine.Require();
        string scratch = machine.Scratch($"boot-{cpu}-{cpus}-{except.Length}");

        // Some keys change a second after boot (timers, once the tick is dynamic): dump when that is over.
        string settle = Path.Combine(scratch, "settle");
        File.WriteAllText(settle, "sleep 2\n");
        string[] options = ["--append", "loglevel=7", "--init-extra", settle];
        string untouched = machine.Boot(machine.Vmlinux, cpu, cpus, options);
        string profile = Path.Combine(scratch, "cpu.json"), patched = Path.Combine(scratch, "vmlinux.patched");
        Assert.Equal(0, Program.Run(["profile", machine.Vmlinux, "--memory", Path.Combine(untouched, "memory.raw"), "--at", "phys:0x1000000", "-o", profile, "-q"]));
        string[] keep = except.Length == 0 ? [] : ["--except", except];
        Assert.Equal(0, Program.Run(["rewrite", machine.Vmlinux, "--cpu", profile, "--initial-keys", "-o", patched, "-q", .. keep]));

        string rewritten = machine.Boot(patched, cpu, cpus, options);

        Assert.True(ReadText(untouched).AsSpan().SequenceEqual(ReadText(rewritten)), "the text after boot differs");
        bool warned = File.ReadAllText(Path.Combine(rewritten, "console.log")).Contains("cut here", StringComparison.Ordinal);
        Assert.Equal(except.Length == 0, warned); // a kernel that finds its returns and ftrace sites done says so
    }

    // static_call_init asks cpu_feature_enabled(RETHUNK) before the mitigations are chosen; rewritten alternatives answer
    // yes too early, so that empty tail calls end as a jump to __x86_return_thunk. Nothing else may differ.
    [Fact]
    public void RewrittenAlternativesShowInStaticCalls()
    {
        OracleMachine.Require();
        string scratch = machine.Scratch("boot-early");
        string settle = Path.Combine(scratch, "settle");
        File.WriteAllText(settle, "sleep 2\n");
        string[] options = ["--append", "loglevel=7", "--init-extra", settle];
        string untouched = machine.Boot(machine.Vmlinux, "EPYC", 2, options);
        using var kernel = new OracleKernel(machine.Vmlinux, untouched);
        string patched = Path.Combine(scratch, "vmlinux.patched");
        Target target = kernel.Resolve(kernel.ProfileFromMemory() with
        {
            StaticKeys = new Dictionary<string, int>(),
            StaticCalls = new Dictionary<string, string>(),
        });
        SiteKind[] kinds = [SiteKind.Paravirt, SiteKind.Alternative, SiteKind.Lock, SiteKind.StaticCall, SiteKind.JumpLabel];
        Assert.Empty(ProvedRewrite.Write(kernel.Image, kernel.Sites, () => Plan.Make(kernel.Image, kernel.Sites, target, kinds), patched).Findings);

        byte[] before = ReadText(untouched), after = ReadText(machine.Boot(patched, "EPYC", 2, options));

        ulong text = kernel.Image.Elf.FindSection(".text")!.Address;
        HashSet<ulong> tails = [.. kernel.Sites.StaticCalls.Where(s => s.Tail).SelectMany(s => Enumerable.Range(0, 5).Select(i => s.Site.Address + (ulong)i))];
        ulong[] differing = [.. Enumerable.Range(0, before.Length).Where(i => before[i] != after[i]).Select(i => text + (ulong)i)];
        Assert.NotEmpty(differing);
        Assert.All(differing, address => Assert.Contains(address, tails));
    }

    private byte[] ReadText(string run)
    {
        using KernelImage image = KernelImage.Open(machine.Vmlinux);
        byte[] text = new byte[image.Elf.FindSection(".text")!.Size];
        using FileStream memory = File.OpenRead(Path.Combine(run, "memory.raw"));
        memory.ReadExactly(text);
        return text;
    }
}
