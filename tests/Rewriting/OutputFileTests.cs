using PvPatch.Rewriting;
using PvPatch.Tests.Tools;

namespace PvPatch.Tests.Rewriting;

/// <summary>Files that appear only when they are whole.</summary>
public sealed class OutputFileTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void AFileHasNoNameBeforeItIsCommitted()
    {
        using (OutputFile file = OutputFile.Create(folder.Path("out")))
        {
            using (FileStream stream = file.Open()) stream.Write([1, 2, 3]);
            Assert.False(File.Exists(folder.Path("out")));
            Assert.Single(folder.Names());
            file.Commit();
        }

        Assert.Equal(["out"], folder.Names());
        Assert.Equal([1, 2, 3], File.ReadAllBytes(folder.Path("out")));
    }

    [Fact]
    public void WhatIsNotCommittedIsGone()
    {
        File.WriteAllText(folder.Path("out"), "old");
        using (OutputFile file = OutputFile.Create(folder.Path("out")))
        using (FileStream stream = file.Open()) stream.Write([1]);
        Assert.Equal(["out"], folder.Names());
        Assert.Equal("old", File.ReadAllText(folder.Path("out")));
    }

    [Fact]
    public void ACommitReplacesWhatWasThere()
    {
        File.WriteAllText(folder.Path("out"), "old");
        using (OutputFile file = OutputFile.Create(folder.Path("out"))) file.Commit();
        Assert.Empty(File.ReadAllBytes(folder.Path("out")));
    }

    [Fact]
    public void ACopyKeepsTheModeAndCanBeWritten()
    {
        string source = folder.Write("in", [1, 2]);
        File.SetUnixFileMode(source, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        using (OutputFile file = OutputFile.CopyOf(source, folder.Path("out")))
        {
            using (FileStream stream = file.Open()) stream.WriteByte(9);
            file.Commit();
        }

        Assert.Equal([9, 2], File.ReadAllBytes(folder.Path("out")));
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(folder.Path("out")));
        Assert.Equal([1, 2], File.ReadAllBytes(source));
    }

    [Fact]
    public void ImpossiblePlacesAreIoErrors()
    {
        Assert.ThrowsAny<IOException>(() => OutputFile.Create(folder.Root));
        Assert.ThrowsAny<IOException>(() => OutputFile.Create(folder.Path("no/such/out")));
        Assert.ThrowsAny<IOException>(() => OutputFile.CopyOf(folder.Path("no-such"), folder.Path("out")));
        Assert.Empty(folder.Names());
    }
}
