using PvPatch.Kernel;
using PvPatch.Patching;
using PvPatch.Platforms;
using PvPatch.Sites;

namespace PvPatch.Tests;

/// <summary>The fixture's text after all passes, against goldens that the GNU assembler wrote from the rules.</summary>
public sealed class GoldenTests
{
    [Theory]
    [InlineData("baseline")]
    [InlineData("up-lfence")]
    [InlineData("no-mitigation")]
    public void RewrittenTextIsTheGolden(string profile)
    {
        using KernelImage image = KernelImage.Open(TestPaths.Mini);
        SiteTable sites = SiteTable.Read(image);
        var places = new KernelPlaces(image);
        CpuProfile cpu = CpuProfileJson.Read(File.ReadAllBytes(Path.Combine(TestPaths.Data, "profiles", $"{profile}.json")));
        Target target = Target.Resolve(
            image, places, OpTable.Read(image, places), FeatureNames.Load(image.Era.FeatureNames), cpu);
        Plan plan = Plan.Make(image, sites, target);

        byte[][] expected = [.. image.TextSections.Select(s => image.Elf.GetContents(s).ToArray())];
        foreach (string line in File.ReadLines(Path.Combine(TestPaths.Data, "golden", $"mini.{profile}.txt")))
        {
            if (line.StartsWith('#')) continue;
            string[] words = line.Split(' ');
            ulong address = Convert.ToUInt64(words[0], 16);
            int section = image.TextSections.ToList().FindIndex(s => s.Contains(address));
            Convert.FromHexString(words[5]).CopyTo(expected[section], (int)(address - image.TextSections[section].Address));
        }

        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(Convert.ToHexStringLower(expected[i]), Convert.ToHexStringLower(plan.Text.GetContents(i)));
    }
}
