using PvPatch.Kernel;
using PvPatch.Patching;
using PvPatch.Platforms;
using PvPatch.Sites;
using PvPatch.Tests.Tools;

namespace PvPatch.Tests.Patching;

/// <summary>apply_returns, Linux 6.1.</summary>
public sealed class ReturnPassTests
{
    private const ulong Address = 0xffffffff81000100;
    private static readonly byte[] ToThunk = Code.Branch(Address, MiniKernel.Symbols["__x86_return_thunk"], 0xe9);

    [Fact]
    public void WithoutRethunkAReturnIsRetAndInt3() => Assert.Equal("c3cccccccc", Patched(ToThunk, MiniKernel.With()));

    [Fact]
    public void WithRethunkItJumpsToWhatTheImagesVariableHolds() =>
        Assert.Equal(Code.Hex(ToThunk), Patched(ToThunk, MiniKernel.With("RETHUNK"))); // &__x86_return_thunk, data.S

    [Fact]
    public void WithRethunkItJumpsToTheProfilesThunk() => Assert.Equal(
        Code.Hex(Code.Branch(Address, MiniKernel.Symbols["srso_return_thunk"], 0xe9)),
        Patched(ToThunk, MiniKernel.With("RETHUNK") with { ReturnThunk = "srso_return_thunk" }));

    [Fact]
    public void AThunkWithoutRethunkIsNotUsed() =>
        Assert.Equal("c3cccccccc", Patched(ToThunk, MiniKernel.With() with { ReturnThunk = "srso_return_thunk" }));

    [Theory]
    [InlineData("c3 cc cc cc cc")]
    [InlineData("e9 00 00 00 00")]
    [InlineData("e8 00 00 00 00")]
    public void OtherInstructionsAreLeft(string text) => Assert.Null(Patched(Code.Bytes(text), MiniKernel.With()));

    // __static_call_fixup: 0f b9 cc behind the five bytes marks a trampoline; there a plain return is made to agree, too.
    [Theory]
    [InlineData("c3 cc cc cc cc 0f b9 cc", true)]
    [InlineData("c3 cc cc cc cc 0f b9 cd", false)]
    [InlineData("e9 00 00 00 00 0f b9 cc", false)] // a trampoline that has a function
    public void AnEmptyTrampolineIsPatchedAgain(string text, bool patched)
    {
        CpuProfile profile = MiniKernel.With("RETHUNK") with { ReturnThunk = "srso_return_thunk" };
        string? expected = patched ? Code.Hex(Code.Branch(Address, MiniKernel.Symbols["srso_return_thunk"], 0xe9)) : null;
        Assert.Equal(expected, Patched(Code.Bytes(text), profile));
    }

    [Fact]
    public void AProfilesUnknownThunkIsAnErrorThatNamesIt()
    {
        using var mini = new MiniKernel();
        MalformedImageException error = Assert.Throws<MalformedImageException>(
            () => mini.MakeTarget(MiniKernel.With() with { ReturnThunk = "no_such_thunk" }));
        Assert.Contains("no_such_thunk", error.Reason);
    }

    private static string? Patched(byte[] text, CpuProfile profile)
    {
        using var mini = new MiniKernel();
        byte[] output = new byte[255];
        var site = new Site(Address, 5, SiteKind.Return, 0);
        return ReturnPass.Compute(site, mini.MakeTarget(profile), text, output) == PatchReason.None ? null : Code.Hex(output.AsSpan(0, 5));
    }
}
