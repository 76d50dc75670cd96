using PvPatch.Kernel;
using PvPatch.Patching;
using PvPatch.Platforms;
using PvPatch.Sites;
using PvPatch.Tests.Tools;

namespace PvPatch.Tests.Patching;

/// <summary>ITS, Linux 6.1: branches whose last byte lies in the lower half of a cache line go through a thunk.</summary>
public sealed class ItsTests : IDisposable
{
    private const ulong Line = 0xffffffff81000100; // the start of a cache line

    private readonly MiniKernel kernel = AssembledKernel.Build("""
            .text
            .globl _text, __x86_return_thunk, its_return_thunk, __x86_indirect_thunk_array, __x86_indirect_its_thunk_array
        _text:
        __x86_return_thunk:
            ret
        its_return_thunk:
            ret
            .globl srso_return_thunk
        srso_return_thunk:
            ret
            .balign 0x1000
        __x86_indirect_thunk_array:
            .skip 16 * 32
        __x86_indirect_its_thunk_array:
            .skip 16 * 64
        """);

    public void Dispose() => kernel.Dispose();

    // cpu_wants_indirect_its_thunk_at: !((address of the branch + 1 + register / 8) & 0x20).
    [Theory]
    [InlineData(0x00, 0, true)]
    [InlineData(0x1e, 0, true)]     // last byte at 0x1f
    [InlineData(0x1f, 0, false)]    // last byte at 0x20
    [InlineData(0x20, 0, false)]
    [InlineData(0x3e, 0, false)]
    [InlineData(0x3f, 0, true)]     // last byte in the next line
    [InlineData(0x1d, 11, true)]    // three bytes with REX
    [InlineData(0x1e, 11, false)]
    [InlineData(0x3d, 11, false)]
    [InlineData(0x3e, 11, true)]
    public void CallsInTheLowerHalfUseAThunk(int offset, int register, bool thunk)
    {
        ulong address = Line + (ulong)offset;
        byte[] code = Code.Branch(address, kernel.Places.IndirectThunks + (ulong)(register * 32), 0xe8);
        byte[] output = new byte[255];
        PatchReason reason = RetpolinePass.Compute(
            new Site(address, 5, SiteKind.Retpoline, 0), kernel.MakeTarget("INDIRECT_THUNK_ITS"), code, output);
        Assert.Equal(thunk ? PatchReason.ItsThunk : PatchReason.IndirectBranch, reason);
        if (thunk) // ITS_THUNK_SIZE is 64
            Assert.Equal(Code.Branch(address, kernel.Places.ItsThunks + (ulong)(register * 64), 0xe8), output.AsSpan(0, 5));
    }

    [Theory]
    [InlineData(0x1c, true)]        // the hop takes two bytes: the branch is at 0x1e and ends at 0x1f
    [InlineData(0x1d, false)]
    public void AConditionalJumpStaysOneToTheThunk(int offset, bool thunk)
    {
        ulong address = Line + (ulong)offset;
        byte[] code = Code.Branch(address, kernel.Places.IndirectThunks, 0x0f, 0x85), output = new byte[255];
        RetpolinePass.Compute(new Site(address, 6, SiteKind.Retpoline, 0), kernel.MakeTarget("INDIRECT_THUNK_ITS"), code, output);
        Assert.Equal(
            thunk ? Code.Branch(address, kernel.Places.ItsThunks, 0x0f, 0x85) : Code.Bytes("74 04 ff e0 cc 90"), output.AsSpan(0, 6));
    }

    [Fact]
    public void ACsPrefixStays()
    {
        byte[] code = Code.Branch(Line, kernel.Places.IndirectThunks + (11 * 32), 0x2e, 0xe9), output = new byte[255];
        RetpolinePass.Compute(new Site(Line, 6, SiteKind.Retpoline, 0), kernel.MakeTarget("INDIRECT_THUNK_ITS"), code, output);
        Assert.Equal(Code.Branch(Line, kernel.Places.ItsThunks + (11 * 64), 0x2e, 0xe9), output.AsSpan(0, 6));
    }

    [Fact]
    public void WithRetpolinesNothingChanges()
    {
        byte[] code = Code.Branch(Line, kernel.Places.IndirectThunks, 0xe8);
        Assert.Equal(PatchReason.None, RetpolinePass.Compute(
            new Site(Line, 5, SiteKind.Retpoline, 0), kernel.MakeTarget("RETPOLINE", "INDIRECT_THUNK_ITS"), code, new byte[255]));
    }

    // cpu_wants_rethunk_at: with its_return_thunk only where !(address & 0x20); with any other thunk everywhere.
    [Theory]
    [InlineData("its_return_thunk", 0x00, true)]
    [InlineData("its_return_thunk", 0x1f, true)]
    [InlineData("its_return_thunk", 0x20, false)]
    [InlineData("its_return_thunk", 0x3f, false)]
    [InlineData("its_return_thunk", 0x40, true)]
    [InlineData("srso_return_thunk", 0x1f, true)]
    [InlineData("srso_return_thunk", 0x20, true)]
    public void ReturnsUseTheItsThunkInTheLowerHalfOnly(string thunk, int offset, bool used)
    {
        CpuProfile profile = MiniKernel.With("RETHUNK") with { ReturnThunk = thunk };
        ulong address = Line + (ulong)offset;
        byte[] code = Code.Branch(address, kernel.Places.DefaultReturnThunk, 0xe9), output = new byte[255];
        Assert.Equal(
            used ? PatchReason.ReturnThunk : PatchReason.PlainReturn,
            ReturnPass.Compute(new Site(address, 5, SiteKind.Return, 0), kernel.MakeTarget(profile), code, output));
        Assert.True(kernel.Image.Symbols.TryFindAddress(thunk, out ulong to));
        Assert.Equal(used ? Code.Branch(address, to, 0xe9) : Code.Bytes("c3cccccccc"), output.AsSpan(0, 5));
    }
}
