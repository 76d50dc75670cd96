using PvPatch.Ace;
using PvPatch.Elf;

namespace PvPatch.Tests.Ace;

/// <summary>The reference area and its kernel hold; each broken variant has the finding it was made for, and no other.</summary>
public sealed class AceImagesTests
{
    private static readonly Lazy<string> Built = new(BuildVariants);

    public static TheoryData<string, string> Variants
    {
        get
        {
            var data = new TheoryData<string, string>();
            string list = Path.Combine(TestPaths.Data, "ace", "broken", "LIST");
            foreach (string line in File.Exists(list) ? File.ReadLines(list) : [])
            {
                string[] fields = line.Split(" | ");
                if (!line.StartsWith('#') && fields.Length == 4) data.Add(fields[0], fields[1]);
            }

            if (data.Count == 0) data.Add(string.Empty, string.Empty);
            return data;
        }
    }

    [Theory]
    [InlineData("ace-area", 0, 0)]
    [InlineData("ace-kernel", 9, 5)]
    public void ReferenceHasNoFindings(string name, int callers, int handlers)
    {
        string path = Path.Combine(TestPaths.Data, "images", name);
        Assert.SkipUnless(File.Exists(path), $"{name} is not built");
        AceReport report = Verify(path);
        Assert.Empty(report.Findings);
        Assert.Equal((7, callers, handlers), (report.Entries.Count, report.Callers, report.Handlers));
        Assert.All(report.Entries, e => Assert.InRange(e.WorstCase ?? 0, 5, 50));
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void BrokenVariantHasItsFinding(string name, string id)
    {
        Assert.SkipUnless(name.Length != 0, "there are no variants");
        Assert.Equal(id == "none" ? string.Empty : id, AceBuilder.Ids(Verify(Path.Combine(Built.Value, name))));
    }

    private static AceReport Verify(string path)
    {
        using ElfFile file = ElfFile.Read(ByteSource.Open(path));
        return AceVerifier.Verify(file, new AceOptions())!;
    }

    private static string BuildVariants()
    {
        string folder = Directory.CreateTempSubdirectory("pvpatch-variants").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, true);
        AceBuilder.Run(Path.Combine(TestPaths.Scripts, "build-testdata"), ["--ace-variants", folder]);
        return folder;
    }
}
