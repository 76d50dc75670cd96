using PvPatch.Ace;

namespace PvPatch.Tests.Ace;

/// <summary>Each rule against a routine that breaks it and one that keeps it.</summary>
public sealed class AceRuleTests
{
    public static TheoryData<string> Names => [.. AceSamples.All.Select(s => s.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void SampleHasItsFindings(string name)
    {
        (_, string ids, string body) = AceSamples.All.Single(s => s.Name == name);
        Assert.Equal(ids, AceBuilder.Ids(AceBuilder.Verify(body)));
    }

    [Fact]
    public void RulesHaveDistinctIds()
    {
        Assert.Equal(AceRules.All.Count, AceRules.All.Select(r => r.Id).Distinct(StringComparer.Ordinal).Count());
        Assert.All(AceRules.All, r => Assert.Matches("^PV20[0-9]{2}$", r.Id));
    }
}
