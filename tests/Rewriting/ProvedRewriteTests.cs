using PvPatch.Rewriting;
using PvPatch.Tests.Tools;

namespace PvPatch.Tests.Rewriting;

/// <summary>Rewritten files, against the goldens.</summary>
public sealed class ProvedRewriteTests
{
    [Theory]
    [InlineData("baseline")]
    [InlineData("up-lfence")]
    [InlineData("no-mitigation")]
    public void TheFileIsTheOldOneWithTheGoldensLines(string profile)
    {
        byte[] expected = File.ReadAllBytes(TestPaths.Mini);
        foreach (string line in File.ReadLines(Path.Combine(TestPaths.Data, "golden", $"mini.{profile}.txt")).Where(l => !l.StartsWith('#')))
        {
            string[] words = line.Split(' ');
            Convert.FromHexString(words[5]).CopyTo(expected, MiniCopy.Offset(Convert.ToUInt64(words[0], 16)));
        }

        using var folder = new TempFolder();
        using var mini = new MiniKernel();
        ProvedRewrite rewrite = ProvedRewrite.Write(
            mini.Image, mini.Sites, () => mini.MakePlan(MiniKernel.Profile(profile)), folder.Path("out"));
        Assert.Empty(rewrite.Findings);
        Assert.Equal(expected, File.ReadAllBytes(folder.Path("out")));
    }
}
