using PvPatch.Kernel;
using PvPatch.Patching;
using PvPatch.Platforms;
using PvPatch.Sites;
using PvPatch.Tests.Tools;

namespace PvPatch.Tests.Patching;

/// <summary>Locks and ftrace sites.</summary>
public sealed class SmallPassTests
{
    // alternatives_smp_unlock: f0 becomes 3e on one CPU, within _text .. _etext.
    [Theory]
    [InlineData("_text", 0xf0, true, true)]
    [InlineData("_text", 0xf0, false, false)]
    [InlineData("_text", 0x3e, true, false)]
    [InlineData("_text", 0x0f, true, false)]
    [InlineData("_etext", 0xf0, true, false)]
    [InlineData("mini_early_setup", 0xf0, true, false)]
    public void ALockIsDroppedOnOneCpuInCoreText(string place, byte text, bool uniprocessor, bool dropped)
    {
        using var mini = new MiniKernel();
        Target target = mini.MakeTarget(MiniKernel.With() with { Uniprocessor = uniprocessor });
        byte[] output = [0];
        PatchReason reason = LockPass.Compute(new Site(MiniKernel.Symbols[place], 1, SiteKind.Lock, 0), target, [text], output);
        Assert.Equal(dropped ? PatchReason.LockDropped : PatchReason.None, reason);
        Assert.Equal(dropped ? 0x3e : 0, output[0]);
    }

    [Fact]
    public void ACallOfFentryBecomesTheFiveByteNop()
    {
        using var mini = new MiniKernel();
        byte[] output = new byte[5];
        Assert.Equal(PatchReason.TracingOff, Ftrace(mini, Code.Branch(0xffffffff81000100, MiniKernel.Symbols["__fentry__"], 0xe8), output));
        Assert.Equal("0f1f440000", Code.Hex(output));
    }

    [Fact]
    public void AnythingElseInItsPlaceIsLeft()
    {
        using var mini = new MiniKernel();
        Assert.Equal(PatchReason.None, Ftrace(mini, Code.Branch(0xffffffff81000100, MiniKernel.Symbols["__fentry__"] + 1, 0xe8), new byte[5]));
        Assert.Equal(PatchReason.None, Ftrace(mini, Code.Branch(0xffffffff81000100, MiniKernel.Symbols["__fentry__"], 0xe9), new byte[5]));
        Assert.Equal(PatchReason.None, Ftrace(mini, Code.Bytes("0f1f440000"), new byte[5]));
    }

    private static PatchReason Ftrace(MiniKernel mini, byte[] text, byte[] output) =>
        FtracePass.Compute(new Site(0xffffffff81000100, 5, SiteKind.Ftrace, 0), mini.MakeTarget(), text, output);
}
