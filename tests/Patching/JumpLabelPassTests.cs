using PvPatch.Kernel;
using PvPatch.Patching;
using PvPatch.Platforms;
using PvPatch.Sites;
using PvPatch.Tests.Tools;

namespace PvPatch.Tests.Patching;

/// <summary>Branches on static keys: taken where key and branch bit differ (jump_label_type).</summary>
public sealed class JumpLabelPassTests
{
    private const ulong Address = 0xffffffff81000100;

    [Theory]
    [InlineData("mini_key_false", false, "6690")]
    [InlineData("mini_key_false", true, "eb10")]
    [InlineData("mini_key_true", false, "eb10")]
    [InlineData("mini_key_true", true, "6690")]
    public void AShortBranchIsTakenWhereKeyAndBitDiffer(string key, bool branch, string expected) =>
        Assert.Equal(expected, Patched(key, branch, 2, Address + 2 + 0x10));

    [Theory]
    [InlineData("mini_key_false", false, 0x1000, "0f1f440000")]
    [InlineData("mini_key_false", true, 0x1000, "e9fb0f0000")] // 0x1000 - 5
    [InlineData("mini_key_true", false, -0x1000, "e9fbefffff")]
    [InlineData("mini_key_true", false, 8, "e903000000")]      // five bytes stay five
    [InlineData("mini_key_true", true, 8, "0f1f440000")]
    public void ALongBranchLikewise(string key, bool branch, long distance, string expected) =>
        Assert.Equal(expected, Patched(key, branch, 5, Address + (ulong)distance));

    // A two-byte jump reaches -128 to 127 bytes from its end.
    [Theory]
    [InlineData(127, "eb7f")]
    [InlineData(-128, "eb80")]
    public void ShortBranchesReachAsFarAsTheyReach(long distance, string expected) =>
        Assert.Equal(expected, Patched("mini_key_true", false, 2, Address + 2 + (ulong)distance));

    [Theory]
    [InlineData(128)]
    [InlineData(-129)]
    public void AndNoFurther(long distance) =>
        Assert.Throws<MalformedImageException>(() => Patched("mini_key_true", false, 2, Address + 2 + (ulong)distance));

    [Theory]
    [InlineData(1, "eb10")]
    [InlineData(2, "eb10")]
    [InlineData(-1, "eb10")]
    [InlineData(0, "6690")]
    public void AProfilesCountReplacesTheImages(int count, string expected) =>
        Assert.Equal(expected, Patched("mini_key_false", false, 2, Address + 0x12, count));

    [Fact]
    public void OutsideOfTheCoreTheImagesCountStays() =>
        Assert.Equal("6690", Patched("mini_key_false", false, 2, Address + 0x12, 1, initial: true));

    private static string Patched(string key, bool branch, int length, ulong to, int? count = null, bool initial = false)
    {
        using var mini = new MiniKernel();
        CpuProfile profile = MiniKernel.With();
        if (count is { } value) profile = profile with { StaticKeys = new Dictionary<string, int> { [key] = value } };
        var site = new JumpLabelSite(new Site(Address, length, SiteKind.JumpLabel, 0), to, MiniKernel.Symbols[key], branch);
        byte[] output = new byte[255];
        JumpLabelPass.Compute(site, mini.MakeTarget(profile), initial, output);
        return Code.Hex(output.AsSpan(0, length));
    }
}
