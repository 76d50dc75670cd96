using System.Collections.Concurrent;
using System.Diagnostics;

namespace PvPatch.Tests.Oracle;

/// <summary>The truth from outside: Debian's kernel, and its text as QEMU runs it; each taken once a test run.</summary>
public sealed class OracleMachine : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("pvpatch-oracle-").FullName;
    private readonly ConcurrentDictionary<string, Lazy<string>> runs = new(StringComparer.Ordinal);
    private readonly Lazy<Dictionary<string, string>> kernel = new(() => Fetch("6.1-cloud-amd64"));

    /// <summary>The 83 MB vmlinux without DWARF.</summary>
    public string Vmlinux => kernel.Value["nodebug"];

    /// <summary>The 590 MB vmlinux.</summary>
    public string DebugVmlinux => kernel.Value["vmlinux"];

    /// <summary>The vmlinuz of the same build.</summary>
    public string Vmlinuz => kernel.Value["vmlinuz"];

    /// <summary>Skips the test where the machine cannot run the oracle; with CI=true scripts/test counts a skip as a failure.</summary>
    public static void Require()
    {
        Assert.SkipUnless(Has("qemu-system-x86_64"), "qemu-system-x86_64 is not installed, and only root can install it");
        Assert.SkipUnless(Has("busybox") && Has("cpio"), "busybox-static or cpio is not installed, and only root can install them");
    }

    /// <summary>A fresh folder that goes with the run.</summary>
    public string Scratch(string name) => Directory.CreateDirectory(Path.Combine(folder, name)).FullName;

    /// <summary>Boots a kernel; the folder holds memory.raw, cpuinfo.txt and console.log.</summary>
    public string Boot(string image, string cpu, int cpus, params string[] more) => runs.GetOrAdd(
        string.Join(' ', [image, cpu, $"{cpus}", .. more]),
        key => new Lazy<string>(() =>
        {
            string output = Path.Combine(folder, $"boot-{Guid.NewGuid():n}");
            Script("running-text", ["--kernel", image, "--cpu", cpu, "--cpus", $"{cpus}", "-o", output, .. more]);
            return output;
        })).Value;

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static Dictionary<string, string> Fetch(string name)
    {
        string listing;
        try
        {
            listing = Script("fetch-kernel", [name]);
        }
        catch (InvalidOperationException error)
        {
            Assert.Skip($"the kernel package could not be had: {error.Message}");
            throw;
        }

        return listing.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split('=', 2)).ToDictionary(p => p[0], p => p[1], StringComparer.Ordinal);
    }

    private static string Script(string name, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(TestPaths.Scripts, name), arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{name}: {errors.Result}");
    }

    private static bool Has(string program) => (Environment.GetEnvironmentVariable("PATH") ?? string.Empty)
        .Split(':').Any(folder => File.Exists(Path.Combine(folder, program)));
}
