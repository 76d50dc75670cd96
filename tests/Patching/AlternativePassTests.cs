using PvPatch.Kernel;
using PvPatch.Patching;
using PvPatch.Platforms;
using PvPatch.Sites;
using PvPatch.Tests.Tools;

namespace PvPatch.Tests.Patching;

/// <summary>apply_alternatives, 5.13 to 6.2, on sites of a few bytes.</summary>
public sealed class AlternativePassTests
{
    private const ulong Address = 0xffffffff81000000, Replacement = 0xffffffff81006800;
    private const ushort Always = (3 * 32) + 21, Smap = (9 * 32) + 20;

    // recompute_jump: n is the distance from the site's start; a jump over n - 2 <= 127 bytes takes two bytes and a 3-byte NOP.
    [Theory]
    [InlineData(0, "eb fe 0f1f00")]
    [InlineData(2, "eb 00 0f1f00")]
    [InlineData(5, "eb 03 0f1f00")]
    [InlineData(126, "eb 7c 0f1f00")]
    [InlineData(127, "eb 7d 0f1f00")]
    [InlineData(128, "eb 7e 0f1f00")]
    [InlineData(129, "eb 7f 0f1f00")]
    [InlineData(130, "e9 7d000000")]   // 130 - 5
    [InlineData(131, "e9 7e000000")]
    [InlineData(-1, "e9 faffffff")]    // backwards always five bytes: a negative number never equals its low byte
    [InlineData(-100, "e9 97ffffff")]
    [InlineData(-126, "e9 7dffffff")]
    [InlineData(-254, "e9 fdfeffff")]
    [InlineData(0x10000, "e9 fbff0000")]
    public void JumpsAreMovedAndShortenedForwardsOnly(long distance, string expected) =>
        Assert.Equal(expected.Replace(" ", ""), Apply("cc cc cc cc cc", Code.Branch(Replacement, Address + (ulong)distance, 0xe9)));

    [Fact]
    public void PaddingBehindAShortJumpIsARunOfItsOwn() =>
        Assert.Equal("eb060f1f006690", Apply("cccccccccc cccc", Code.Branch(Replacement, Address + 8, 0xe9)));

    [Fact]
    public void FiveBytesThatBeginLikeAShortJumpAreTakenForALongOne() =>
        Assert.Equal("eb050f1f00", Apply("cccccccccc", Code.Branch(Replacement, Address + 7, 0xeb)));

    [Fact]
    public void ACallOfFiveBytesIsMoved()
    {
        ulong target = Address + 0x1000;
        Assert.Equal(
            $"{Code.Hex(Code.Branch(Address, target, 0xe8))}0f1f00",
            Apply("cccccccccc cccccc", Code.Branch(Replacement, target, 0xe8)));
    }

    // Only a replacement of exactly five bytes is moved, and only where the branch comes first.
    [Theory]
    [InlineData("e8 01020304 90", "e8 01020304 90")]
    [InlineData("e9 01020304 cc", "e9 01020304 cc")]
    [InlineData("90 e8 01020304", "90 e8 01020304")]
    [InlineData("0f 84 01020304", "0f 84 01020304")]
    [InlineData("f3 0f b8 c7", "f3 0f b8 c7 90 90")]
    public void OtherBranchesAreCopiedAsTheyAre(string replacement, string expected)
    {
        string padded = expected.EndsWith("90 90", StringComparison.Ordinal) ? expected[..^5] + "6690" : expected;
        Assert.Equal(padded.Replace(" ", ""), Apply("cccccccccccc", Code.Bytes(replacement)));
    }

    [Fact]
    public void ReplacedByNothingASiteIsAllNops() => Assert.Equal("0f1f440000", Apply("e801020304", []));

    [Fact]
    public void NopsOfTheReplacementAndThePaddingAreOneRun() =>
        Assert.Equal("0faee80f1f440000", Apply("cccccccccccccccc", Code.Bytes("0faee8 9090")));

    [Theory]
    [InlineData("90 90 90", "0f1f00", PatchReason.PaddingOptimised)]     // even where nothing was replaced
    [InlineData("b82f000000", "b82f000000", PatchReason.None)]
    [InlineData("31c0 90", "31c090", PatchReason.None)]
    public void APassedOverSiteStillHasItsPaddingOptimised(string text, string expected, PatchReason reason)
    {
        using var mini = new MiniKernel();
        byte[] original = Code.Bytes(text), output = new byte[255];
        var site = new AlternativeSite(
            new Site(Address, original.Length, SiteKind.Alternative, 0), Replacement, 1, new FeatureTest(Smap, Not: false));
        Assert.Equal(reason, AlternativePass.Compute(site, mini.MakeTarget(), original, [0xc3], output));
        Assert.Equal(expected, Code.Hex(output.AsSpan(0, original.Length)));
    }

    // Selected: has(feature) != INV.
    [Theory]
    [InlineData(false, false, false)]
    [InlineData(false, true, true)]
    [InlineData(true, false, true)]
    [InlineData(true, true, false)]
    public void AFeatureOrItsAbsenceSelects(bool present, bool not, bool selected)
    {
        using var mini = new MiniKernel();
        Target target = present ? mini.MakeTarget("SMAP") : mini.MakeTarget();
        byte[] output = new byte[255];
        var site = new AlternativeSite(new Site(Address, 1, SiteKind.Alternative, 0), Replacement, 1, new FeatureTest(Smap, not));
        Assert.Equal(
            selected ? PatchReason.Replacement : PatchReason.None,
            AlternativePass.Compute(site, target, [0xfa], [0xfb], output));
        Assert.Equal(selected ? 0xfb : 0xfa, output[0]);
    }

    private static string Apply(string text, byte[] replacement)
    {
        using var mini = new MiniKernel();
        byte[] original = Code.Bytes(text), output = new byte[255];
        var site = new AlternativeSite(
            new Site(Address, original.Length, SiteKind.Alternative, 0), Replacement, replacement.Length, new FeatureTest(Always, false));
        Assert.Equal(PatchReason.Replacement, AlternativePass.Compute(site, mini.MakeTarget("ALWAYS"), original, replacement, output));
        return Code.Hex(output.AsSpan(0, original.Length));
    }
}
