using System.Diagnostics;
using PvPatch.Cli;

namespace PvPatch.Tests.Hostile;

/// <summary>Output that cannot be written, must not be, or is interrupted: nothing is left behind, and no input is touched.</summary>
[Collection(AloneCollection.Name)]
public sealed class OutputTests : IDisposable
{
    private readonly Scratch scratch = new();
    private readonly string image;

    public OutputTests() => image = scratch.Write("image", MiniLayout.Bytes);

    public void Dispose() => scratch.Dispose();

    [Theory]
    [InlineData("image")]
    [InlineData("./image")]
    [InlineData("folder/../image")]
    [InlineData("symlink")]
    [InlineData("hardlink")]
    [InlineData("linked-folder/image")]
    public void TheInputIsNoOutput(string name)
    {
        Directory.CreateDirectory(scratch["folder"]);
        File.CreateSymbolicLink(scratch["symlink"], "image");
        Directory.CreateSymbolicLink(scratch["linked-folder"], ".");
        Assert.Equal(0, Shell($"ln '{image}' '{scratch["hardlink"]}'"));
        string[] before = scratch.Names();
        string output = $"{scratch.Folder}/{name}";
        CommandRun.Here("rewrite", image, "-o", output).IsRefusal(output, "the output is the input; say --in-place to replace it");
        Assert.Equal(before, scratch.Names());
        Assert.Equal(MiniLayout.Bytes, File.ReadAllBytes(image));
    }

    [Theory]
    [InlineData("scan IMAGE --stat -o IMAGE")]
    [InlineData("scan IMAGE --format json -o LINK")]
    [InlineData("verify IMAGE -o IMAGE")]
    [InlineData("verify FIXTURE --against IMAGE -o LINK")]
    [InlineData("diff FIXTURE IMAGE --exit-zero -o IMAGE")]
    [InlineData("explain IMAGE mini_cr0 -q -o IMAGE")]
    [InlineData("ops IMAGE -o LINK")]
    [InlineData("profile IMAGE --host -q -o IMAGE")]
    public void NoReportReplacesAnInput(string command)
    {
        File.CreateSymbolicLink(scratch["link"], "image");
        string[] words = [.. command.Split(' ').Select(w => w switch
        {
            "IMAGE" => image,
            "LINK" => scratch["link"],
            "FIXTURE" => TestPaths.Mini,
            _ => w,
        })];
        CommandRun.Here(words).IsRefusal(words[^1], "the output is the input");
        Assert.Equal(MiniLayout.Bytes, File.ReadAllBytes(image));
        Assert.Equal(["image", "link"], scratch.Names());
    }

    [Fact]
    public void InPlaceThroughALinkChangesWhatItPointsTo()
    {
        File.CreateSymbolicLink(scratch["link"], "image");
        Assert.Equal(ExitCode.Clean, CommandRun.Here("rewrite", scratch["link"], "-q", "--in-place").Exit);
        Assert.Equal("image", new FileInfo(scratch["link"]).LinkTarget);
        Assert.NotEqual(MiniLayout.Bytes, File.ReadAllBytes(image));
    }

    [Theory]
    [InlineData("image/below-a-file", "no such folder")]
    [InlineData("missing/out", "no such folder")]
    [InlineData("folder", "is a directory")]
    public void APlaceThatCannotBeWrittenIsNamed(string name, string reason)
    {
        Directory.CreateDirectory(scratch["folder"]);
        CommandRun.Here("rewrite", image, "-o", scratch[name]).IsRefusal(scratch[name], reason);
        CommandRun.Here("scan", image, "-o", scratch[name]).IsRefusal(scratch[name], reason);
        Assert.Equal(["folder", "image"], scratch.Names());
        Assert.Empty(Directory.GetFileSystemEntries(scratch["folder"]));
    }

    [Fact]
    public void AFolderThatTakesNoFilesIsNamed()
    {
        CommandRun.Here("rewrite", image, "-o", "/proc/pvpatch-out").IsRefusal("/proc/pvpatch-out", "no file can be created there");
        CommandRun.Here("scan", image, "-o", "/proc/pvpatch-out").IsRefusal("/proc/pvpatch-out", "no file can be created there");
        string tooLong = scratch[new string('x', 300)];
        CommandRun.Here("scan", image, "-o", tooLong).IsRefusal(tooLong);
        Assert.Equal(["image"], scratch.Names());
    }

    [Fact]
    public void ANameAsLongAsNamesCanBeIsWritten()
    {
        string name = new('x', 255);
        Assert.Equal(0, CommandRun.Here("scan", image, "-o", scratch[name]).Exit);
        Assert.Equal(["image", name], scratch.Names());
    }

    [Fact]
    public void ADeviceIsWrittenAndNeverReplaced()
    {
        // By links, for where this fails it would be the machine's own devices that root replaces.
        (string full, string nothing) = (scratch["full"], scratch["null"]);
        File.CreateSymbolicLink(full, "/dev/full");
        File.CreateSymbolicLink(nothing, "/dev/null");
        CommandRun.Here("scan", image, "-o", full).IsRefusal(full, "no space left on the device");
        CommandRun.Here("scan", image, "--format", "json", "-o", full).IsRefusal(full, "no space left on the device");
        Assert.Equal(0, CommandRun.Here("scan", image, "-o", nothing).Exit);
        CommandRun.Here("rewrite", image, "-o", nothing).IsRefusal(nothing, "is not a regular file");
        Assert.Equal(["/dev/full", "/dev/null"], new[] { full, nothing }.Select(p => new FileInfo(p).LinkTarget));
        Assert.Equal(["full", "image", "null"], scratch.Names());
    }

    [Fact]
    public void StandardOutputIsWrittenUnderItsNamesToo()
    {
        CommandRun.Under("\"$@\" >/dev/full", "scan", image).IsRefusal("standard output", "no space left on the device");
        Assert.Equal(0, CommandRun.Under($"\"$@\" >'{scratch["out"]}'", "scan", image, "-o", "/proc/self/fd/1").Exit);
        Assert.Contains("paravirt", File.ReadAllText(scratch["out"]), StringComparison.Ordinal);
        Assert.Equal(["image", "out"], scratch.Names());
    }

    [Theory]
    [InlineData("rewrite")]
    [InlineData("scan")]
    public void NoSpaceLeavesNothing(string verb)
    {
        // The runtime itself needs a file larger than that for its code, unless told otherwise.
        CommandRun run = CommandRun.Under("export DOTNET_EnableWriteXorExecute=0; ulimit -f 16; exec \"$@\" >/dev/null", verb, image, "-q", "-o", scratch["out"]);
        run.IsRefusal(scratch["out"], "RLIMIT_FSIZE");
        Assert.Equal(["image"], scratch.Names());
        Assert.Equal(MiniLayout.Bytes, File.ReadAllBytes(image));
    }

    [Fact]
    public void NoSpaceInPlaceKeepsTheImage()
    {
        CommandRun run = CommandRun.Under("export DOTNET_EnableWriteXorExecute=0; ulimit -f 16; exec \"$@\" >/dev/null", "rewrite", image, "-q", "--in-place");
        run.IsRefusal(image, "RLIMIT_FSIZE");
        Assert.Equal(["image"], scratch.Names());
        Assert.Equal(MiniLayout.Bytes, File.ReadAllBytes(image));
    }

    [Theory]
    [InlineData("TERM", 143)]
    [InlineData("INT", 130)]
    [InlineData("HUP", 129)]
    public void AnInterruptedRewriteLeavesNothing(string signal, int exit)
    {
        // Large enough that there is time to interrupt it: the fixture, and half a gigabyte of nothing behind it.
        using (FileStream stream = File.OpenWrite(image)) stream.SetLength(512 << 20);
        const int attempts = 5; // on a busy machine it may be done before the signal is sent
        for (int attempt = 1; ; attempt++)
        {
            using Process process = CommandRun.Start("exec \"$@\" >/dev/null", "rewrite", image, "-q", "-o", scratch["out"]);
            while (!process.HasExited && !Array.Exists(scratch.Names(), n => n.EndsWith(".tmp", StringComparison.Ordinal))) Thread.Sleep(1);
            bool sent = !process.HasExited && Shell($"kill -{signal} {process.Id}") == 0;
            Assert.True(process.WaitForExit(TimeSpan.FromSeconds(30)));
            if ((!sent || process.ExitCode == 0) && attempt < attempts)
            {
                File.Delete(scratch["out"]);
                continue;
            }

            Assert.Equal(exit, process.ExitCode);
            Assert.Equal(["image"], scratch.Names());
            return;
        }
    }

    [Fact]
    public void AReadOnlyImageIsRewrittenElsewhere()
    {
        File.SetUnixFileMode(image, UnixFileMode.UserRead);
        CommandRun run = CommandRun.Under("\"$@\" >/dev/null", "rewrite", image, "-q", "-o", scratch["out"]);
        Assert.Equal((ExitCode.Clean, string.Empty), (run.Exit, run.Error));
        Assert.Equal(["image", "out"], scratch.Names());
        Assert.Equal(MiniLayout.Bytes, File.ReadAllBytes(image));
        Assert.NotEqual(MiniLayout.Bytes, File.ReadAllBytes(scratch["out"]));
    }

    [Fact]
    public void ALinkLaidInTheWayIsNotFollowed()
    {
        string victim = scratch.Write("victim", "precious"u8);
        File.CreateSymbolicLink(scratch["out"], victim);
        Assert.Equal(0, CommandRun.Here("scan", image, "-o", scratch["out"]).Exit);
        Assert.Equal("precious", File.ReadAllText(victim));
    }

    private static int Shell(string command)
    {
        using Process process = Process.Start("sh", ["-c", command]);
        process.WaitForExit();
        return process.ExitCode;
    }
}
