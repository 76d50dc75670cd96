using PvPatch.Kernel;
using PvPatch.Patching;
using PvPatch.Platforms;
using PvPatch.Sites;
using PvPatch.Tests.Tools;

namespace PvPatch.Tests.Patching;

/// <summary>apply_paravirt, 5.12 to 6.7: NULL is paravirt_BUG, _paravirt_nop is nothing, all else a direct call.</summary>
public sealed class ParavirtPassTests
{
    private const ulong Address = 0xffffffff81000100;

    // testdata/mini/data.S: 1 is read_cr0, 3 set_ldt (NULL), 11 exit_mmap (_paravirt_nop).
    [Theory]
    [InlineData(1, 6, "native_read_cr0", "90", PatchReason.DirectCall)]
    [InlineData(1, 5, "native_read_cr0", "", PatchReason.DirectCall)]
    [InlineData(1, 13, "native_read_cr0", "0f1f840000000000", PatchReason.DirectCall)]
    [InlineData(3, 6, "paravirt_BUG", "90", PatchReason.MissingOp)]
    [InlineData(14, 6, "_paravirt_ident_64", "90", PatchReason.DirectCall)] // no template for the identity any more
    public void AnOpIsCalledDirectly(int op, int length, string function, string padding, PatchReason reason)
    {
        using var mini = new MiniKernel();
        byte[] output = new byte[255];
        Assert.Equal(reason, ParavirtPass.Compute(Site(op, length), mini.MakeTarget(), output));
        Assert.Equal(
            Code.Hex(Code.Branch(Address, MiniKernel.Symbols[function], 0xe8)) + padding, Code.Hex(output.AsSpan(0, length)));
    }

    [Theory]
    [InlineData(6, "660f1f440000")]
    [InlineData(11, "0f1f8400000000000f1f00")]
    public void AnEmptyOpIsNops(int length, string expected)
    {
        using var mini = new MiniKernel();
        byte[] output = new byte[255];
        Assert.Equal(PatchReason.EmptyOp, ParavirtPass.Compute(Site(11, length), mini.MakeTarget(), output));
        Assert.Equal(expected, Code.Hex(output.AsSpan(0, length)));
    }

    [Fact]
    public void AProfilesOpsReplaceTheImages()
    {
        using var mini = new MiniKernel();
        CpuProfile profile = MiniKernel.With() with
        {
            Ops = new Dictionary<string, string> { ["cpu.read_cr0"] = "mini_slow_path", ["mmu.exit_mmap"] = "native_halt" },
        };
        byte[] output = new byte[255];
        ParavirtPass.Compute(Site(1, 6), mini.MakeTarget(profile), output);
        Assert.Equal(Code.Branch(Address, MiniKernel.Symbols["mini_slow_path"], 0xe8), output.AsSpan(0, 5));
        Assert.Equal(PatchReason.DirectCall, ParavirtPass.Compute(Site(11, 6), mini.MakeTarget(profile), output));
    }

    [Fact]
    public void AnOpBeyondTheTableIsMalformed()
    {
        using var mini = new MiniKernel();
        ParavirtPass.Compute(Site(23, 6), mini.MakeTarget(), new byte[255]); // the last one
        Assert.Throws<MalformedImageException>(() => ParavirtPass.Compute(Site(24, 6), mini.MakeTarget(), new byte[255]));
    }

    private static ParavirtSite Site(int op, int length) => new(new Site(Address, length, SiteKind.Paravirt, 0), op);
}
