namespace PvPatch.Tests.Cli;

/// <summary>Help of every verb.</summary>
public sealed class HelpTests
{
    [Theory]
    [InlineData("")]
    [InlineData("scan")]
    [InlineData("profile")]
    [InlineData("rewrite")]
    [InlineData("verify")]
    [InlineData("diff")]
    [InlineData("explain")]
    [InlineData("ops")]
    public void HelpHasUsageExamplesAndExitCodes(string verb)
    {
        Pvpatch run = Pvpatch.RunHere(verb.Length == 0 ? ["--help"] : [verb, "--help"]);
        Assert.Equal(0, run.Code);
        Assert.Empty(run.Errors);
        Assert.Contains("Usage:", run.Output);
        Assert.Contains($"  pvpatch {verb}".TrimEnd(), run.Output);
        Assert.Contains("Exit codes: 0 clean, 1 differences or findings, 2 usage, I/O or malformed input.", run.Output);
        string[] lines = run.Lines;
        int examples = Array.IndexOf(lines, "Examples:");
        Assert.True(examples > 0);
        Assert.StartsWith($"  pvpatch {verb}".TrimEnd(), lines[examples + 1], StringComparison.Ordinal);
        if (verb.Length == 0) return;
        Assert.Contains("--format", run.Output);
        Assert.Contains("--exit-zero", run.Output);
        Assert.Contains("--quiet", run.Output);
        Assert.Contains("--output", run.Output);
    }

    [Fact]
    public void TheRootsHelpListsEveryVerb()
    {
        string help = Pvpatch.RunHere("-h").Output;
        foreach (string verb in new[] { "scan", "profile", "rewrite", "verify", "diff", "explain", "ops" })
            Assert.Contains($"\n  {verb} ", help);
    }

    [Fact]
    public void TheVersionIsANumber() => Assert.Matches(@"^\d+\.\d+\.\d+", Pvpatch.RunHere("--version").Output);
}
