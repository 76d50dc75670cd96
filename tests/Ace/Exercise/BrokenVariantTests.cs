using PvPatch.Ace.Exercise;

namespace PvPatch.Tests.Ace.Exercise;

/// <summary>The reference area passes, and the variants made to break its atomicity do not.</summary>
public sealed class BrokenVariantTests
{
    private static string List => Path.Combine(TestPaths.Data, "ace", "broken", "LIST");

    [Fact]
    public void FailWhereTheListSaysSo()
    {
        Assert.SkipUnless(File.Exists(List), "testdata/ace/broken is not there");
        string folder = Directory.CreateTempSubdirectory("pvpatch-ace.").FullName;
        try
        {
            string[] names = [.. NotAtomic()];
            Assert.NotEmpty(names);
            Assert.All(names, name => Assert.NotNull(Exercise(name, Path.Combine(folder, name))));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void ReferenceAreaPasses()
    {
        string reference = Path.Combine(TestPaths.Data, "images", "ace-area");
        Assert.SkipUnless(File.Exists(reference), "testdata/images/ace-area is not built");
        using AceSample sample = AceSample.Open(reference);
        ExerciseResult result = AceExerciser.Run(sample.Image, sample.Area, ExerciseOptions.Default);
        Assert.True(result.Failure is null, string.Join('\n', result.Failure?.Schedule ?? []));
        Assert.Null(result.Bound);
        Assert.Equal(7, result.Entries.Count);
    }

    private static IEnumerable<string> NotAtomic() =>
        from line in File.ReadLines(List)
        where !line.StartsWith('#')
        let columns = line.Split('|')
        where columns.Length == 4 && columns[2].Trim() == "yes"
        select columns[0].Trim();

    private static ExerciseFailure? Exercise(string name, string file)
    {
        AceSample.Run(Path.Combine(TestPaths.Scripts, "build-testdata"), "--ace-variant", name, "-o", file);
        using AceSample sample = AceSample.Open(file);
        return AceExerciser.Run(sample.Image, sample.Area, ExerciseOptions.Default).Failure;
    }
}
