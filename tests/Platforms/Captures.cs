namespace PvPatch.Tests.Platforms;

/// <summary>Captures as scripts/capture-cpu writes them, each with what such a machine would say.</summary>
internal static class Captures
{
    private const string Folder = "/sys/devices/system/cpu/vulnerabilities/";

    /// <summary>Zen 2: retbleed and SRSO, two CPUs.</summary>
    public static string Zen2 => Make(
        "AuthenticAMD", 0x17, 0x31, "fpu sse2 xsave xsavec smap fsgsbase ibpb ibrs stibp ssbd sme",
        "spectre_v1 spectre_v2 spec_store_bypass retbleed smt_rsb srso div0", "quiet",
        ("spectre_v1", "Mitigation: usercopy/swapgs barriers and __user pointer sanitization"),
        ("spectre_v2", "Mitigation: Retpolines; IBPB: conditional; STIBP: always-on; RSB filling; PBRSB-eIBRS: Not affected; BHI: Not affected"),
        ("retbleed", "Mitigation: untrained return thunk; SMT enabled with STIBP protection"),
        ("spec_rstack_overflow", "Mitigation: safe RET"),
        ("spec_store_bypass", "Mitigation: Speculative Store Bypass disabled via prctl"),
        ("mds", "Not affected"));

    /// <summary>Zen 3: no retbleed, SRSO.</summary>
    public static string Zen3 => Make(
        "AuthenticAMD", 0x19, 0x01, "fpu sse2 xsave xsaves smap fsgsbase ibpb ibrs stibp ssbd",
        "spectre_v1 spectre_v2 spec_store_bypass srso", "quiet",
        ("spectre_v1", "Mitigation: usercopy/swapgs barriers and __user pointer sanitization"),
        ("spectre_v2", "Mitigation: Retpolines; IBPB: conditional; IBRS_FW; STIBP: always-on; RSB filling; PBRSB-eIBRS: Not affected; BHI: Not affected"),
        ("retbleed", "Not affected"),
        ("spec_rstack_overflow", "Mitigation: safe RET, no microcode"));

    /// <summary>Cascade Lake: eIBRS, no MDS, TAA and ITS.</summary>
    public static string CascadeLake => Make(
        "GenuineIntel", 6, 0x55, "fpu sse2 xsave xsavec smap fsgsbase rtm ibpb ibrs stibp ssbd ibrs_enhanced md_clear",
        "spectre_v1 spectre_v2 spec_store_bypass swapgs taa retbleed eibrs_pbrsb bhi its", "quiet",
        ("spectre_v1", "Mitigation: usercopy/swapgs barriers and __user pointer sanitization"),
        ("spectre_v2", "Mitigation: Enhanced / Automatic IBRS; IBPB: conditional; PBRSB-eIBRS: SW sequence; BHI: SW loop, KVM: SW loop"),
        ("retbleed", "Mitigation: Enhanced IBRS"),
        ("tsx_async_abort", "Mitigation: Clear CPU buffers; SMT vulnerable"),
        ("mds", "Not affected"),
        ("indirect_target_selection", "Mitigation: Aligned branch/return thunks"));

    /// <summary>Skylake: IBRS, Meltdown, MDS.</summary>
    public static string Skylake => Make(
        "GenuineIntel", 6, 0x5e, "fpu sse2 xsave xsaves smap fsgsbase pti ibpb ibrs stibp ssbd md_clear",
        "cpu_meltdown spectre_v1 spectre_v2 spec_store_bypass l1tf mds swapgs taa srbds retbleed", "quiet",
        ("spectre_v1", "Mitigation: usercopy/swapgs barriers and __user pointer sanitization"),
        ("spectre_v2", "Mitigation: IBRS; IBPB: conditional; STIBP: conditional; RSB filling; PBRSB-eIBRS: Not affected; BHI: Not affected"),
        ("retbleed", "Mitigation: IBRS"),
        ("meltdown", "Mitigation: PTI"),
        ("mds", "Mitigation: Clear CPU buffers; SMT vulnerable"),
        ("srbds", "Mitigation: Microcode"));

    /// <summary>The text of a capture.</summary>
    public static string Make(
        string vendor, int family, int model, string flags, string bugs, string commandLine, params (string Name, string Text)[] vulnerabilities)
    {
        string text = $"""
            == /proc/cpuinfo ==
            processor	: 0
            vendor_id	: {vendor}
            cpu family	: {family}
            model		: {model}
            model name	: A CPU of the tests
            flags		: {flags}
            bugs		: {bugs}

            processor	: 1
            vendor_id	: {vendor}
            flags		: none of the first

            == /proc/cmdline ==
            {commandLine}
            == /proc/version ==
            Linux version 6.1.0
            == /sys/devices/system/cpu/possible ==
            0-3
            == /sys/devices/system/cpu/present ==
            0-1

            """;
        return text + string.Concat(vulnerabilities.Select(v => $"== {Folder}{v.Name} ==\n{v.Text}\n"));
    }

    /// <summary>A capture with the wording of one vulnerability, or the command line, changed.</summary>
    public static string Change(string capture, string name, string text)
    {
        string head = name == "cmdline" ? "== /proc/cmdline ==\n" : $"== {Folder}{name} ==\n";
        int at = capture.IndexOf(head, StringComparison.Ordinal);
        if (at < 0) return $"{capture}{head}{text}\n";
        int start = at + head.Length, end = capture.IndexOf('\n', start);
        return string.Concat(capture.AsSpan(0, start), text, capture.AsSpan(end));
    }
}
