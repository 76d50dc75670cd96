using PvPatch.Kernel;
using PvPatch.Patching;
using PvPatch.Sites;
using PvPatch.Tests.Tools;

namespace PvPatch.Tests.Patching;

/// <summary>Plans of the fixture beyond their text: order, old and new bytes, subsets, counts; against the goldens.</summary>
public sealed class PlanTests
{
    [Theory]
    [InlineData("baseline")]
    [InlineData("up-lfence")]
    [InlineData("no-mitigation")]
    public void TotalsAddUpToTheBytesThatTheGoldenChanges(string profile)
    {
        using var mini = new MiniKernel();
        var totals = new PlanTotals(mini.Image, mini.MakePlan(MiniKernel.Profile(profile)));
        Assert.Equal(
            Golden(profile).Sum(g => g.Old.Zip(g.New).Count(b => b.First != b.Second)), SiteKindNames.All.Sum(totals.Bytes));
        Assert.All(SiteKindNames.All, k => Assert.Equal(mini.Sites.Of(k).Count(), totals.Sites(k)));
        Assert.All(SiteKindNames.All, k => Assert.InRange(totals.Changed(k), 0, totals.Sites(k)));
    }

    [Fact]
    public void ReplayingThePatchesOverTheOldTextGivesTheNew()
    {
        using var mini = new MiniKernel();
        Plan plan = mini.MakePlan(MiniKernel.Profile("up-lfence"));
        var text = new Dictionary<ulong, byte>();
        foreach (Patch patch in plan.Patches)
        {
            ReadOnlySpan<byte> original = mini.Image.Memory.Slice(patch.Site.Address, (ulong)patch.Site.Length, "site");
            for (int i = 0; i < patch.Site.Length; i++)
            {
                ulong at = patch.Site.Address + (ulong)i;
                Assert.Equal(text.GetValueOrDefault(at, original[i]), plan.OldBytes(patch)[i]);
                text[at] = plan.NewBytes(patch)[i];
            }

            Assert.False(plan.OldBytes(patch).SequenceEqual(plan.NewBytes(patch)));
        }

        foreach ((ulong at, byte value) in text) Assert.Equal(value, plan.Text.At(at, 1)[0]);
    }

    [Fact]
    public void PatchesComeInTheKernelsOrder()
    {
        using var mini = new MiniKernel();
        SiteKind[] order = [.. mini.Image.Era.Tables.Select(t => t.Kind)];
        int[] ranks = [.. mini.MakePlan(MiniKernel.Profile("up-lfence")).Patches.Select(p => Array.IndexOf(order, p.Site.Kind))];
        Assert.Equal(ranks.Order(), ranks);
        Assert.Equal(order.Length, ranks.Distinct().Count());
    }

    [Fact]
    public void OnlyTheWantedKindsAreApplied()
    {
        using var mini = new MiniKernel();
        Plan plan = Plan.Make(mini.Image, mini.Sites, mini.MakeTarget(MiniKernel.Profile("baseline")), [SiteKind.Ftrace, SiteKind.Paravirt]);
        Assert.Equal([SiteKind.Ftrace, SiteKind.Paravirt], plan.Patches.Select(p => p.Site.Kind).Distinct());
        Assert.Equal(6, plan.Patches.Count(p => p.Site.Kind == SiteKind.Ftrace));
        Assert.Equal(18, plan.Patches.Count(p => p.Site.Kind == SiteKind.Paravirt));

        // Without the alternative, what paravirt wrote stays: call pv_native_irq_disable; nop.
        ulong site = MiniKernel.Symbols["mini_irq_section"] + 6;
        Assert.Equal(
            [.. Code.Branch(site, MiniKernel.Symbols["pv_native_irq_disable"], 0xe8), 0x90], plan.Text.At(site, 6).ToArray());
    }

    [Fact]
    public void ARewrittenImageIsRewrittenToItself()
    {
        using var mini = new MiniKernel();
        byte[] once = mini.Rewritten(MiniKernel.Profile("baseline"));
        using var again = new MiniKernel(once);
        Assert.Equal(once, again.Rewritten(MiniKernel.Profile("baseline")));
    }

    [Fact]
    public void TextBeyondASectionsEndIsCutOff()
    {
        using var mini = new MiniKernel();
        var view = new TextView(mini.Image);
        ulong end = MiniKernel.Symbols["_etext"];
        Assert.Equal(3, view.At(end - 3, 8).Length);
        Assert.True(view.At(end, 8).IsEmpty);
        Assert.True(view.At(MiniKernel.Symbols["pv_ops"], 8).IsEmpty);
    }

    [Fact]
    public void EveryReasonHasItsSentence()
    {
        foreach (PatchReason reason in Enum.GetValues<PatchReason>()) Assert.NotEmpty(reason.Text());
        Assert.Equal("left alone", PatchReason.None.Text());
        Assert.Equal("static key skips the branch", PatchReason.BranchNotTaken.Text()); // the last: none is missing between
    }

    private static IEnumerable<(byte[] Old, byte[] New)> Golden(string profile) =>
        File.ReadLines(Path.Combine(TestPaths.Data, "golden", $"mini.{profile}.txt"))
            .Where(l => !l.StartsWith('#'))
            .Select(l => l.Split(' '))
            .Select(w => (Convert.FromHexString(w[3]), Convert.FromHexString(w[5])));
}
