using System.Diagnostics;
using PvPatch.Cli;

namespace PvPatch.Tests.Hostile;

/// <summary>Spoiled kernels through the whole command line: exit code 0, 1 or 2, one sentence with 2, and never half a file.</summary>
[Collection(AloneCollection.Name)]
public sealed class MutatedCommandTests : IDisposable
{
    private const int Images = 500;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);
    private static readonly string[] Places = ["mini_traced", "mini_irq_section+0x2", "0xffffffff81000090", "memcpy", "mini_long_padding+1", "pv_ops"];
    private readonly Scratch scratch = new();

    public void Dispose() => scratch.Dispose();

    [Fact]
    public void NoImageCrashesTheCommandLine()
    {
        var codes = new HashSet<int>();
        for (int number = 0; number < Images; number++)
        {
            Random random = HostileSeed.For(number);
            string image = scratch.Write("image", ImageMutator.Mutate(random));
            string place = Places[random.Next(Places.Length)], profile = Path.Combine(TestPaths.Data, "profiles", "up-lfence.json"), format = random.Next(2) == 0 ? "text" : "json";
            string[][] commands =
            [
                ["scan", image, "--format", format],
                ["scan", image, "--allow-empty", "--stat", "--format", format],
                ["explain", image, place, "-q", "--cpu", profile, "--format", format],
                ["verify", image, "--against", TestPaths.Mini, "--format", format],
                ["verify", TestPaths.Mini, "--against", image],
                ["diff", TestPaths.Mini, image, "--format", format],
                ["ops", image, "--format", format],
                ["profile", image, "--host", "-q"],
            ];
            foreach (string[] command in commands) codes.Add(Check(number, image, [.. command, "-o", scratch["out"]], "out"));
            codes.Add(Check(number, image, ["rewrite", image, "-q", "--dry-run", "--patches", "--format", format, "--cpu", profile], null));
            codes.Add(Check(number, image, ["rewrite", image, "-q", "-o", scratch["out"]], "out"));
        }

        Assert.Equal([0, 1, 2], codes.Order());
    }

    private static TimeSpan Time(string[] command)
    {
        long started = Stopwatch.GetTimestamp();
        CommandRun.Here(command);
        return Stopwatch.GetElapsedTime(started);
    }

    private int Check(int number, string image, string[] command, string? output)
    {
        string name = $"PVPATCH_SEED={HostileSeed.Value}, case {number}: {string.Join(' ', command)}";
        byte[] before = File.ReadAllBytes(image);
        long started = Stopwatch.GetTimestamp();
        CommandRun run = CommandRun.Here(command);
        if (Stopwatch.GetElapsedTime(started) > Limit)
            Assert.True(Time(command) < Limit || Time(command) < Limit, name); // again, and again: it may have waited for a core
        Assert.True(run.Exit is >= ExitCode.Clean and <= ExitCode.Trouble, name);
        Assert.DoesNotContain("   at ", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("internal error", run.Error, StringComparison.Ordinal);
        if (run.Exit == ExitCode.Trouble)
        {
            string sentence = Assert.Single(run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
            Assert.StartsWith("pvpatch: ", sentence, StringComparison.Ordinal);
            Assert.True(sentence.Contains(image, StringComparison.Ordinal) || sentence.Contains(scratch["out"], StringComparison.Ordinal), $"{name}: {sentence}");
        }

        bool whole = output is not null && (run.Exit == ExitCode.Clean || (run.Exit == ExitCode.Findings && command[0] != "rewrite"));
        Assert.True(scratch.Names().SequenceEqual(whole ? ["image", output!] : ["image"]), $"{name}: {string.Join(' ', scratch.Names())}");
        Assert.True(before.AsSpan().SequenceEqual(File.ReadAllBytes(image)), name);
        if (whole) File.Delete(scratch[output!]);
        return run.Exit;
    }
}
