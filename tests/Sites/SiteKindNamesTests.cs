using PvPatch.Kernel;
using PvPatch.Sites;

namespace PvPatch.Tests.Sites;

/// <summary>Kinds as the command line spells them.</summary>
public sealed class SiteKindNamesTests
{
    [Fact]
    public void EveryKindHasANameThatLeadsBack()
    {
        Assert.Equal(
            ["paravirt", "alternative", "retpoline", "return", "lock", "ftrace", "jump-label", "static-call"],
            SiteKindNames.All.Select(k => k.Text()));
        foreach (SiteKind kind in SiteKindNames.All)
        {
            Assert.True(SiteKindNames.TryParse(kind.Text(), out SiteKind back));
            Assert.Equal(kind, back);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("Paravirt")]
    [InlineData("jumplabel")]
    public void OtherWordsAreNoKinds(string word) => Assert.False(SiteKindNames.TryParse(word, out _));
}
