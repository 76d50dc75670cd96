using PvPatch.Checking;
using PvPatch.Kernel;
using PvPatch.Sites;
using PvPatch.Tests.Tools;

namespace PvPatch.Tests.Checking;

/// <summary>verify --against: PV1009, what differs outside of sites.</summary>
public sealed class FileComparerTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("baseline")]
    [InlineData("up-lfence")]
    [InlineData("no-mitigation")]
    public void ARewriteDiffersInSitesOnly(string profile)
    {
        using var mini = new MiniKernel();
        Assert.Empty(Compare(mini.Rewritten(MiniKernel.Profile(profile))));
    }

    [Fact]
    public void AnImageDoesNotDifferFromItself() => Assert.Empty(Compare(new MiniCopy().Bytes));

    [Fact]
    public void ASitesBytesMayDifferWhateverTheyAre() =>
        Assert.Empty(Compare(new MiniCopy().Put(MiniCopy.At("mini_atomic_inc"), 0x90).Bytes));

    [Fact]
    public void TextOutsideOfSitesMayNot()
    {
        // mini_tick_fast: mov $2,%eax
        Finding finding = Assert.Single(Compare(new MiniCopy().Put(MiniCopy.At("mini_tick_fast") + 1, 7).Bytes));
        Assert.Equal(("PV1009", MiniCopy.At("mini_tick_fast") + 1), (finding.Rule.Id, finding.Address));
        Assert.Contains("07 instead of 02", finding.Message);
        Assert.Contains("mini_tick_fast+0x1", finding.Message);
    }

    [Fact]
    public void NorMayTheByteBehindASite()
    {
        ulong end = MiniCopy.At("mini_traced") + 5; // lea behind the ftrace site: 48 8d 04 37
        MiniCopy copy = new MiniCopy().Put(end - 1, 0x12, 0x4c);
        Assert.Equal(end, Assert.Single(Compare(copy.Bytes)).Address);
    }

    [Fact]
    public void NorMayData()
    {
        ulong at = MiniCopy.At("pv_ops");
        byte[] bytes = new MiniCopy().Put(at, 0x55).Bytes;
        Finding finding = Assert.Single(Compare(bytes));
        Assert.Equal((ulong)MiniCopy.Offset(at), finding.Address);
        Assert.Contains("file offset", finding.Message);
    }

    [Fact]
    public void FilesOfOtherLengthDiffer()
    {
        byte[] bytes = new MiniCopy().Bytes;
        Assert.Contains("length", Assert.Single(Compare([.. bytes, 0])).Message);
    }

    // An alternative may hold its original, optimised or not, or one of its replacements; ud2 is none of them.
    [Fact]
    public void AnAlternativeThatHoldsSomethingElseIsFound()
    {
        ulong site = MiniCopy.At("mini_long_padding");
        using var mini = new MiniKernel();
        ulong at = mini.Sites.Alternatives.First(a => a.Site.Address >= site && a.Site.Length >= 11).Site.Address;
        byte[] bytes = new MiniCopy().Put(at, 0x0f, 0x0b).Bytes;
        Finding finding = Assert.Single(Compare(bytes));
        Assert.Equal(("PV1008", at), (finding.Rule.Id, finding.Address));
    }

    [Fact]
    public void ALongDifferenceIsSeveralFindingsAndTheyEnd()
    {
        byte[] bytes = new MiniCopy().Bytes;
        int data = MiniCopy.Offset(MiniCopy.At("x86_cap_flags"));
        for (int i = 0; i < 5000; i++) bytes[data + i] ^= 0xff;
        Assert.Equal(101, Compare(bytes).Count); // the last one says that there is more
    }

    private IReadOnlyList<Finding> Compare(byte[] bytes)
    {
        using KernelImage image = KernelImage.Open(folder.Write("image", bytes)), original = KernelImage.Open(TestPaths.Mini);
        return FileComparer.Compare(image, original, SiteTable.Read(original));
    }
}
