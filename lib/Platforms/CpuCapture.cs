using System.Globalization;

namespace PvPatch.Platforms;

/// <summary>What a live Linux says of its CPU in text: /proc/cpuinfo, the vulnerabilities in sysfs, the command line.</summary>
public sealed class CpuCapture
{
    private const int MostCpus = 1 << 20;
    private const string Vulnerabilities = "/sys/devices/system/cpu/vulnerabilities/";
    private static readonly string[] HostFiles =
        ["/proc/cpuinfo", "/proc/cmdline", "/proc/version", "/sys/devices/system/cpu/possible", "/sys/devices/system/cpu/present"];

    private readonly Dictionary<string, string> files;
    private readonly Dictionary<string, string> fields = new(StringComparer.Ordinal);

    private CpuCapture(Dictionary<string, string> files)
    {
        this.files = files;
        if (!files.TryGetValue("/proc/cpuinfo", out string? cpuinfo) || !cpuinfo.Contains("flags", StringComparison.Ordinal))
            throw new MalformedImageException("capture", "it has no section /proc/cpuinfo with a line “flags”; scripts/capture-cpu writes one");
        foreach (string line in cpuinfo.Split('\n'))
        {
            if (line.Length == 0 && fields.Count != 0) break; // the first processor's block: the boot CPU
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon > 0) fields[line[..colon].Trim()] = line[(colon + 1)..].Trim();
        }

        Flags = Words("flags").ToHashSet(StringComparer.Ordinal);
        Bugs = Words("bugs").ToHashSet(StringComparer.Ordinal);
        CommandLine = files.GetValueOrDefault("/proc/cmdline", string.Empty).Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>The words of the line “flags”.</summary>
    public IReadOnlySet<string> Flags { get; }

    /// <summary>The words of the line “bugs”.</summary>
    public IReadOnlySet<string> Bugs { get; }

    /// <summary>The kernel's command line, word by word.</summary>
    public IReadOnlyList<string> CommandLine { get; }

    /// <summary>vendor_id.</summary>
    public string Vendor => fields.GetValueOrDefault("vendor_id", string.Empty);

    /// <summary>cpu family.</summary>
    public int Family => Number("cpu family");

    /// <summary>model, the number.</summary>
    public int Model => Number("model");

    /// <summary>model name.</summary>
    public string ModelName => fields.GetValueOrDefault("model name", "unnamed CPU");

    /// <summary>Whether the vulnerabilities directory was captured.</summary>
    public bool HasVulnerabilities => files.Keys.Any(f => f.StartsWith(Vulnerabilities, StringComparison.Ordinal));

    /// <summary>CPUs present: of the sysfs list, else of /proc/cpuinfo.</summary>
    public int Present
    {
        get
        {
            string list = files.GetValueOrDefault("/sys/devices/system/cpu/present", string.Empty).Trim();
            int count = list.Length == 0 ? 0 : (int)Math.Min(list.Split(',').Sum(r => (long)CountRange(r)), MostCpus);
            return count > 0 ? count : Math.Max(1, files["/proc/cpuinfo"].Split('\n').Count(l => l.StartsWith("processor", StringComparison.Ordinal)));
        }
    }

    /// <summary>Reads the text that scripts/capture-cpu writes; a bare copy of /proc/cpuinfo is taken too.</summary>
    /// <exception cref="MalformedImageException">Neither of the two.</exception>
    public static CpuCapture Parse(string text)
    {
        const string mark = "== ";
        var files = new Dictionary<string, string>(StringComparer.Ordinal);
        if (!text.StartsWith(mark, StringComparison.Ordinal)) files["/proc/cpuinfo"] = text;
        foreach (string section in text.Split("\n== ").Where(_ => files.Count == 0 || text.StartsWith(mark, StringComparison.Ordinal)))
        {
            string body = section.StartsWith(mark, StringComparison.Ordinal) ? section[mark.Length..] : section;
            int end = body.IndexOf(" ==\n", StringComparison.Ordinal);
            if (end > 0) files[body[..end]] = body[(end + 4)..];
        }

        return new CpuCapture(files);
    }

    /// <summary>Captures this machine.</summary>
    /// <exception cref="IOException">/proc/cpuinfo cannot be read.</exception>
    public static CpuCapture Host()
    {
        IEnumerable<string> paths = Directory.Exists(Vulnerabilities)
            ? HostFiles.Concat(Directory.GetFiles(Vulnerabilities))
            : HostFiles;
        return new CpuCapture(paths.Where(File.Exists).ToDictionary(p => p, File.ReadAllText, StringComparer.Ordinal));
    }

    /// <summary>What sysfs says of a vulnerability, or an empty string.</summary>
    public string Vulnerability(string name) => files.GetValueOrDefault(Vulnerabilities + name, string.Empty).Trim();

    private string[] Words(string field) =>
        fields.GetValueOrDefault(field, string.Empty).Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private int Number(string field) =>
        int.TryParse(fields.GetValueOrDefault(field), NumberStyles.Integer, CultureInfo.InvariantCulture, out int value) ? value : 0;

    private static int CountRange(string range)
    {
        string[] ends = range.Split('-');
        if (!int.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out int first)) return 0;
        return ends.Length == 2 && int.TryParse(ends[1], NumberStyles.None, CultureInfo.InvariantCulture, out int last)
            ? (int)Math.Clamp((long)last - first + 1, 1, MostCpus)
            : 1;
    }
}
