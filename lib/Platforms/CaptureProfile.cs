using PvPatch.Kernel;
using PvPatch.Sites;

namespace PvPatch.Platforms;

/// <summary>Makes a profile of a text capture: named flags by the image's own tables, hidden ones by inference.</summary>
public static class CaptureProfile
{
    /// <summary>Makes the profile; what a text cannot tell is listed in it.</summary>
    /// <exception cref="MalformedImageException">The image has no flag names.</exception>
    public static CpuProfile Read(
        KernelImage image, SiteTable sites, FeatureNames names, CpuCapture capture, string source)
    {
        var features = new SortedSet<int>();
        var bugs = new SortedSet<int>();
        var unknown = new List<UnknownFact>();
        IReadOnlyDictionary<string, int> flagNames = CpuFlagNames.Read(image, bugs: false);
        IReadOnlyDictionary<string, int> bugNames = CpuFlagNames.Read(image, bugs: true);
        AddNamed(capture.Flags, flagNames, features, unknown);
        AddNamed(capture.Bugs, bugNames, bugs, unknown);
        if (!capture.HasVulnerabilities)
            unknown.Add(new UnknownFact("mitigations", "the capture has no /sys/devices/system/cpu/vulnerabilities; none was assumed"));
        var asked = sites.Alternatives.Select(a => (int)a.Feature.Number).ToHashSet();
        var told = new HashSet<int>(flagNames.Values.Concat(bugNames.Values));
        foreach ((string name, bool? set) in HiddenFeatures.Infer(capture))
        {
            if (!names.TryFind(name, out int number)) continue;
            if (set == true) features.Add(number);
            if (set is not null) told.Add(number);
        }

        // Only what some alternative of this image asks for matters to anybody.
        foreach (int number in asked.Except(told).Order())
            unknown.Add(new UnknownFact(names.NameOf(number), "it is not shown in /proc/cpuinfo and nothing implies it; taken as clear"));
        unknown.Add(new UnknownFact("static keys", "a text capture does not show them; taken from the image's own data"));
        unknown.Add(new UnknownFact("static calls", "a text capture does not show them; taken from the image's own data"));
        return new CpuProfile
        {
            Name = capture.ModelName,
            Source = source,
            Cpus = capture.Present,
            Uniprocessor = DropsLocks(capture),
            Features = [.. features.Select(names.NameOf)],
            Bugs = [.. bugs.Select(names.NameOf)],
            ReturnThunk = ReturnThunk(capture),
            Unknown = unknown,
        };
    }

    private static void AddNamed(
        IReadOnlySet<string> words, IReadOnlyDictionary<string, int> numbers, SortedSet<int> bits, List<UnknownFact> unknown)
    {
        foreach (string word in words.Order(StringComparer.Ordinal))
            if (numbers.TryGetValue(word, out int number)) bits.Add(number);
            else unknown.Add(new UnknownFact(word, "this kernel has no flag of that name; passed over"));
    }

    // alternative_instructions, 6.1: num_present_cpus() == 1 || setup_max_cpus <= 1, unless noreplace-smp.
    private static bool DropsLocks(CpuCapture capture) =>
        !capture.CommandLine.Contains("noreplace-smp")
        && (capture.Present == 1 || capture.CommandLine.Any(w => w is "nosmp" or "maxcpus=0" or "maxcpus=1"));

    // cpu_select_mitigations, 6.1: retbleed first, then SRSO or ITS, each setting the thunk anew.
    private static string? ReturnThunk(CpuCapture capture)
    {
        IReadOnlyDictionary<string, bool?> hidden = HiddenFeatures.Infer(capture);
        if (hidden["X86_FEATURE_RETHUNK"] != true) return null;
        if (hidden["X86_FEATURE_SRSO_ALIAS"] == true) return "srso_alias_return_thunk";
        if (hidden["X86_FEATURE_SRSO"] == true) return "srso_return_thunk";
        return hidden["X86_FEATURE_UNRET"] == true ? "retbleed_return_thunk" : "its_return_thunk";
    }
}
