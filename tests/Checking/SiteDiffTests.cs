using PvPatch.Checking;
using PvPatch.Kernel;
using PvPatch.Patching;
using PvPatch.Platforms;
using PvPatch.Sites;
using PvPatch.Tests.Tools;

namespace PvPatch.Tests.Checking;

/// <summary>diff: sites matched by symbol, offset and kind.</summary>
public sealed class SiteDiffTests
{
    [Fact]
    public void AnImageHasNoDifferencesFromItself()
    {
        SiteDiff diff = Diff(new MiniCopy().Bytes);
        Assert.Empty(diff.Changes);
        using var mini = new MiniKernel();
        Assert.All(SiteKindNames.All, k => Assert.Equal(mini.Sites.Of(k).Count(), diff.Same(k)));
    }

    [Fact]
    public void OtherBytesAreAChange()
    {
        SiteChange change = Assert.Single(Diff(new MiniCopy().Put(MiniCopy.At("mini_atomic_inc"), 0x3e).Bytes).Changes);
        Assert.Equal(("mini_atomic_inc", SiteKind.Lock), (change.Name, change.Kind));
        Assert.NotNull(change.Old);
        Assert.NotNull(change.New);
    }

    [Fact]
    public void AnotherOpFeatureOrReplacementIsAChange()
    {
        ulong paravirt = MiniCopy.At("__parainstructions"), alternative = MiniCopy.At("__alt_instructions");
        Assert.Equal(SiteKind.Paravirt, Assert.Single(Diff(new MiniCopy().Put(paravirt + 8, 22).Bytes).Changes).Kind);
        Assert.Equal(SiteKind.Alternative, Assert.Single(Diff(new MiniCopy().Put(alternative + 8, 22).Bytes).Changes).Kind);

        using var mini = new MiniKernel();
        AlternativeSite stac = mini.Sites.Alternatives.First(s => s.Site.Address == MiniCopy.At("mini_get_user"));
        SiteChange change = Assert.Single(Diff(new MiniCopy().Put(stac.Replacement + 2, 0xca).Bytes).Changes); // clac instead of stac
        Assert.Equal(("mini_get_user", SiteKind.Alternative), (change.Name, change.Kind));
    }

    [Fact]
    public void ARecordThatIsGoneIsARemovalAndTheOtherWayRoundAnAddition()
    {
        byte[] without = new MiniCopy().Put32(MiniCopy.At("__smp_locks"), 0).Bytes; // a zero record names nothing
        SiteChange removed = Assert.Single(Diff(without).Changes);
        Assert.Equal(("mini_atomic_inc", SiteKind.Lock), (removed.Name, removed.Kind));
        Assert.Null(removed.New);
        SiteChange added = Assert.Single(Diff(new MiniCopy().Bytes, without).Changes);
        Assert.Null(added.Old);
    }

    [Fact]
    public void ARenamedFunctionsSitesAreRemovedAndAdded()
    {
        SiteDiff diff = Diff(new MiniCopy().Rename("mini_atomic_inc", "mini_atomic_xyz").Bytes);
        Assert.Equal(
            ["mini_atomic_inc", "mini_atomic_inc+0x3", "mini_atomic_xyz", "mini_atomic_xyz+0x3"],
            diff.Changes.Select(c => c.Name).Order(StringComparer.Ordinal));
    }

    private static SiteDiff Diff(byte[] fresh, byte[]? old = null)
    {
        using var before = new MiniKernel(old);
        using var after = new MiniKernel(fresh);
        return SiteDiff.Compare(
            before.Image, new SiteCatalog(before.Image, before.Sites, before.Ops, before.Features), before.Sites,
            after.Image, new SiteCatalog(after.Image, after.Sites, after.Ops, after.Features), after.Sites);
    }
}
