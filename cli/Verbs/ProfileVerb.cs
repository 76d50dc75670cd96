using System.CommandLine;
using System.Text;
using PvPatch.Cli.Rendering;
using PvPatch.Elf;
using PvPatch.Images;
using PvPatch.Kernel;
using PvPatch.Platforms;

namespace PvPatch.Cli.Verbs;

/// <summary><c>profile</c>: a CPU profile as JSON, from memory, a text capture, or this machine.</summary>
internal static class ProfileVerb
{
    public static Command Create()
    {
        var image = new Argument<string>("IMAGE") { Description = "The kernel that runs there: ELF vmlinux." };
        var memory = new Option<string?>("--memory")
        {
            Description = "A dump of that kernel's memory: an ELF core, or raw with --at. The profile is then exact.",
            HelpName = "DUMP",
        };
        var at = new Option<string?>("--at")
        {
            Description = "Where a raw dump begins: phys:0x1000000 (pmemsave) or 0xffffffff81000000 (memsave).",
            HelpName = "ADDRESS",
        };
        var cpuinfo = new Option<string?>("--cpuinfo")
        {
            Description = "A text capture, as scripts/capture-cpu writes it.",
            HelpName = "FILE",
        };
        var host = new Option<bool>("--host") { Description = "This machine." };
        var verb = new Command("profile", "Read a CPU profile from memory, a text capture or this machine.")
            { image, memory, at, cpuinfo, host };
        var common = new CommonOptions(verb);
        verb.Validators.Add(result =>
        {
            int sources = (result.GetValue(memory) is null ? 0 : 1) + (result.GetValue(cpuinfo) is null ? 0 : 1) + (result.GetValue(host) ? 1 : 0);
            if (sources != 1) result.AddError("profile: say exactly one of --memory DUMP, --cpuinfo FILE and --host");
            if (result.GetValue(at) is { } text && !DumpAddress.TryParse(text, out _))
                result.AddError($"--at: “{text}” is neither phys:0x… nor 0x…");
        });
        verb.SetAction(result =>
        {
            using var progress = Progress.Start("reading the profile", common.IsQuiet(result));
            using LoadedImage loaded = LoadedImage.Open(result.GetRequiredValue(image), common.AllowsEmpty(result));
            DumpAddress? start = result.GetValue(at) is { } text && DumpAddress.TryParse(text, out DumpAddress parsed) ? parsed : null;
            CpuProfile profile =
                result.GetValue(memory) is { } dump ? Failure.In(dump, () => FromMemory(loaded, dump, start))
                : result.GetValue(cpuinfo) is { } file ? FromCapture(
                    loaded, Failure.In(file, () => CpuCapture.Parse(Encoding.UTF8.GetString(Failure.ReadSmall(file)))), $"capture {Path.GetFileName(file)}")
                : FromCapture(loaded, Failure.In("/proc/cpuinfo", CpuCapture.Host), "this host");
            int code = common.Write(result, report =>
            {
                report.WriteRaw(stream => CpuProfileJson.Write(stream, profile));
                return ExitCode.Clean;
            });
            foreach (UnknownFact fact in profile.Unknown) common.Remark(result, $"unknown: {fact.What}: {fact.Why}");
            return code;
        });
        return verb;
    }

    private static CpuProfile FromCapture(LoadedImage loaded, CpuCapture capture, string source) =>
        Failure.In(loaded.Path, () => CaptureProfile.Read(loaded.Image, loaded.Sites, loaded.Features, capture, source));

    private static CpuProfile FromMemory(LoadedImage loaded, string path, DumpAddress? at)
    {
        using MemoryDump dump = MemoryDump.Read(ByteSource.Open(path), at);
        try
        {
            KernelMemory memory = KernelMemory.Locate(loaded.Image, dump);
            return MemoryProfile.Read(loaded.Image, loaded.Sites, loaded.Ops, loaded.Places, loaded.Features, memory, path);
        }
        catch (MalformedImageException error) when (error.Place != "dump")
        {
            throw new Failure($"{loaded.Path}: {error.Message}", error); // it is the image that lacks something
        }
    }
}
