using PvPatch.Platforms;

namespace PvPatch.Tests.Platforms;

/// <summary>Bits that /proc/cpuinfo hides, argued from arch/x86/kernel/cpu/{bugs,common,amd,intel}.c of Linux 6.1.192.</summary>
public sealed class HiddenFeaturesTests
{
    // init_amd*: SYSCALL32, ZEN by model, no fence for APIC MSRs. retbleed_select_mitigation: UNRET and RETHUNK; SRSO on top, not the
    // alias form, which is family 19h's. spectre_v2: retpolines fill the RSB; USE_IBPB_FW because of retbleed, and so no USE_IBRS_FW.
    [Fact]
    public void Zen2HasSrsoOverUnret() => Check(
        CpuCapture.Parse(Captures.Zen2),
        """
        ALWAYS SYSCALL32 LFENCE_RDTSC ZEN OSXSAVE XCOMPACTED MSR_SPEC_CTRL RETPOLINE RSB_CTXSW USE_IBPB USE_IBPB_FW
        FENCE_SWAPGS_KERNEL RETHUNK UNRET SRSO
        """,
        """
        SYSENTER32 APIC_MSRS_FENCE RETPOLINE_LFENCE KERNEL_IBRS USE_IBRS_FW FENCE_SWAPGS_USER ENTRY_IBPB SRSO_ALIAS CLEAR_CPU_BUF
        INDIRECT_THUNK_ITS SPEC_STORE_BYPASS_DISABLE SPEC_CTRL_SSBD CLEAR_BHB_HW CLEAR_BHB_LOOP SRBDS_CTRL XENPV
        """,
        "LS_CFG_SSBD AMD_SSBD SME_COHERENT");

    // srso_select_mitigation: x86 == 0x19 takes the alias form. USE_IBRS_FW: no retbleed, IBRS present, not in an IBRS mode.
    [Fact]
    public void Zen3HasSrsoThroughAliasing() => Check(
        CpuCapture.Parse(Captures.Zen3),
        "ZEN RETHUNK UNRET SRSO_ALIAS RETPOLINE USE_IBRS_FW AMD_SSBD",
        "SRSO USE_IBPB_FW ENTRY_IBPB LS_CFG_SSBD",
        "");

    // eIBRS needs no retpolines; ITS then uses aligned thunks for returns and, without retpolines, for branches. TAA clears buffers.
    // PTI is off: swapgs needs its fences. RSB_CTXSW is not set in eIBRS modes.
    [Fact]
    public void CascadeLakeHasItsThunksAndClearsBuffers() => Check(
        CpuCapture.Parse(Captures.CascadeLake),
        """
        SYSENTER32 APIC_MSRS_FENCE LFENCE_RDTSC MSR_SPEC_CTRL USE_IBPB RETHUNK INDIRECT_THUNK_ITS CLEAR_CPU_BUF CLEAR_BHB_LOOP
        FENCE_SWAPGS_USER FENCE_SWAPGS_KERNEL SPEC_CTRL_SSBD
        """,
        "SYSCALL32 ZEN RETPOLINE RETPOLINE_LFENCE KERNEL_IBRS RSB_CTXSW USE_IBRS_FW USE_IBPB_FW UNRET SRSO SRSO_ALIAS ENTRY_IBPB CLEAR_BHB_HW",
        "MSR_TSX_CTRL");

    // retbleed on Intel: IBRS on entry. PTI serialises swapgs from user space. MDS clears buffers.
    [Fact]
    public void SkylakeHasIbrsOnEntry() => Check(
        CpuCapture.Parse(Captures.Skylake),
        "KERNEL_IBRS RSB_CTXSW USE_IBPB CLEAR_CPU_BUF FENCE_SWAPGS_KERNEL SRBDS_CTRL SPEC_CTRL_SSBD",
        "RETPOLINE RETHUNK UNRET ENTRY_IBPB FENCE_SWAPGS_USER USE_IBRS_FW INDIRECT_THUNK_ITS",
        "MSR_TSX_CTRL");

    // retbleed=ibpb clears RETHUNK and UNRET; srso then uses the same, and says so.
    [Fact]
    public void RetbleedByIbpbNeedsNoReturnThunk()
    {
        string text = Captures.Change(Captures.Zen2, "retbleed", "Mitigation: IBPB; SMT vulnerable");
        text = Captures.Change(text, "spec_rstack_overflow", "Mitigation: IBPB");
        text = Captures.Change(text, "cmdline", "quiet retbleed=ibpb");
        Check(CpuCapture.Parse(text), "ENTRY_IBPB RETPOLINE", "RETHUNK UNRET SRSO SRSO_ALIAS USE_IBPB_FW", "");
    }

    // spectre_v2=retpoline,lfence: both bits; its_select_mitigation refuses to go with it, but nothing here asks for it.
    [Fact]
    public void LfenceModeSetsBothRetpolineBits() => Check(
        CpuCapture.Parse(Captures.Change(Captures.Zen3, "spectre_v2", "Vulnerable: LFENCE; IBPB: conditional; STIBP: always-on; RSB filling; PBRSB-eIBRS: Not affected; BHI: Not affected")),
        "RETPOLINE RETPOLINE_LFENCE RSB_CTXSW USE_IBPB",
        "KERNEL_IBRS",
        "");

    [Theory]
    [InlineData("Mitigation: Enhanced / Automatic IBRS + Retpolines; IBPB: always-on; PBRSB-eIBRS: SW sequence; BHI: Retpoline", "RETPOLINE USE_IBPB", "RETPOLINE_LFENCE CLEAR_BHB_LOOP CLEAR_BHB_HW INDIRECT_THUNK_ITS")]
    [InlineData("Mitigation: Enhanced / Automatic IBRS + LFENCE; IBPB: disabled; PBRSB-eIBRS: SW sequence; BHI: BHI_DIS_S", "RETPOLINE RETPOLINE_LFENCE CLEAR_BHB_HW", "USE_IBPB CLEAR_BHB_LOOP")]
    public void EnhancedIbrsMayComeWithRetpolines(string wording, string set, string clear) =>
        Check(CpuCapture.Parse(Captures.Change(Captures.CascadeLake, "spectre_v2", wording)), set, clear, "");

    // spectre_v2_show_state returns early here: what else it would show is not to be told. The mode is eIBRS without retpolines.
    [Fact]
    public void UnprivilegedEbpfCutsTheWordingShort()
    {
        Check(
            CpuCapture.Parse(Captures.Change(Captures.CascadeLake, "spectre_v2", "Vulnerable: eIBRS with unprivileged eBPF")),
            "INDIRECT_THUNK_ITS",
            "RETPOLINE KERNEL_IBRS RSB_CTXSW",
            "USE_IBPB CLEAR_BHB_LOOP CLEAR_BHB_HW");
        Check(
            CpuCapture.Parse(Captures.Change(Captures.CascadeLake, "spectre_v2", "Vulnerable: eIBRS+LFENCE with unprivileged eBPF and SMT")),
            "RETPOLINE RETPOLINE_LFENCE",
            "KERNEL_IBRS RSB_CTXSW",
            "USE_IBPB");
    }

    // cpu_mitigations_off: every selection returns early.
    [Fact]
    public void MitigationsOffSetNothing()
    {
        string text = Captures.Make(
            "AuthenticAMD", 0x17, 0x31, "fpu sse2 smap fsgsbase ibpb ibrs stibp ssbd",
            "spectre_v1 spectre_v2 spec_store_bypass retbleed srso", "quiet mitigations=off",
            ("spectre_v1", "Vulnerable: __user pointer sanitization and usercopy barriers only; no swapgs barriers"),
            ("spectre_v2", "Vulnerable; IBPB: disabled; STIBP: disabled; PBRSB-eIBRS: Not affected; BHI: Not affected"),
            ("retbleed", "Vulnerable"),
            ("spec_rstack_overflow", "Vulnerable"),
            ("spec_store_bypass", "Vulnerable"),
            ("mds", "Vulnerable; SMT vulnerable"));
        Check(
            CpuCapture.Parse(text),
            "ALWAYS ZEN LFENCE_RDTSC MSR_SPEC_CTRL",
            """
            RETPOLINE RETPOLINE_LFENCE KERNEL_IBRS RSB_CTXSW USE_IBPB USE_IBPB_FW USE_IBRS_FW FENCE_SWAPGS_KERNEL FENCE_SWAPGS_USER
            ENTRY_IBPB RETHUNK UNRET SRSO SRSO_ALIAS CLEAR_CPU_BUF SPEC_STORE_BYPASS_DISABLE
            """,
            "");
    }

    // bsp_init_amd sorts models into generations; each sets ZEN. Later families, and models it does not know, do not.
    [Theory]
    [InlineData("AuthenticAMD", 0x17, 0x01, true)]
    [InlineData("AuthenticAMD", 0x17, 0x71, true)]
    [InlineData("AuthenticAMD", 0x17, 0x80, false)]
    [InlineData("AuthenticAMD", 0x17, 0x90, true)]
    [InlineData("AuthenticAMD", 0x17, 0x98, false)]
    [InlineData("AuthenticAMD", 0x17, 0xa0, true)]
    [InlineData("AuthenticAMD", 0x19, 0x21, true)]
    [InlineData("AuthenticAMD", 0x19, 0xb0, false)]
    [InlineData("AuthenticAMD", 0x1a, 0x02, false)]
    [InlineData("AuthenticAMD", 0x15, 0x02, false)]
    [InlineData("HygonGenuine", 0x18, 0x00, true)]
    [InlineData("GenuineIntel", 0x17, 0x01, false)]
    public void ZenIsByVendorFamilyAndModel(string vendor, int family, int model, bool zen) =>
        Check(CpuCapture.Parse(Captures.Make(vendor, family, model, "fpu", "", "")), zen ? "ZEN" : "", zen ? "" : "ZEN", "");

    // smap_works_speculatively: not on CPUs with Meltdown. With SMAP that works and without FSGSBASE there are no fences at all.
    [Theory]
    [InlineData("smap", "spectre_v1 swapgs", false, false)]
    [InlineData("smap fsgsbase", "spectre_v1 swapgs", true, true)]
    [InlineData("smap fsgsbase", "spectre_v1", true, false)]
    [InlineData("smap", "spectre_v1 swapgs cpu_meltdown", true, true)]
    [InlineData("smap pti", "spectre_v1 swapgs cpu_meltdown", true, false)]
    [InlineData("fpu", "spectre_v1 swapgs", true, true)]
    public void SwapgsFencesDependOnSmapFsgsbaseAndPti(string flags, string bugs, bool kernel, bool user)
    {
        var cpu = CpuCapture.Parse(Captures.Make(
            "GenuineIntel", 6, 60, flags, bugs, "",
            ("spectre_v1", "Mitigation: usercopy/swapgs barriers and __user pointer sanitization")));
        IReadOnlyDictionary<string, bool?> found = HiddenFeatures.Infer(cpu);
        Assert.Equal((kernel, user), (found["X86_FEATURE_FENCE_SWAPGS_KERNEL"], found["X86_FEATURE_FENCE_SWAPGS_USER"]));
    }

    // mds, taa, rfds and tsa _select_mitigation; a wording of "attempted, no microcode" clears too, but TSA on bare machines does not.
    [Theory]
    [InlineData("mds", "Mitigation: Clear CPU buffers; SMT vulnerable", "fpu", true)]
    [InlineData("mds", "Vulnerable: Clear CPU buffers attempted, no microcode; SMT vulnerable", "fpu", true)]
    [InlineData("mds", "Vulnerable; SMT vulnerable", "fpu", false)]
    [InlineData("tsx_async_abort", "Mitigation: TSX disabled", "fpu", false)]
    [InlineData("tsx_async_abort", "Mitigation: Clear CPU buffers; SMT disabled", "fpu", true)]
    [InlineData("mmio_stale_data", "Mitigation: Clear CPU buffers; SMT vulnerable", "fpu", false)] // alone it is for guests only
    [InlineData("reg_file_data_sampling", "Mitigation: Clear Register File", "fpu", true)]
    [InlineData("reg_file_data_sampling", "Vulnerable: No microcode", "fpu", false)]
    [InlineData("tsa", "Mitigation: Clear CPU buffers", "fpu", true)]
    [InlineData("tsa", "Mitigation: Clear CPU buffers: user/kernel boundary", "fpu", true)]
    [InlineData("tsa", "Mitigation: Clear CPU buffers: VM", "fpu", false)]
    [InlineData("tsa", "Vulnerable: Clear CPU buffers attempted, no microcode", "fpu", false)]
    [InlineData("tsa", "Vulnerable: Clear CPU buffers attempted, no microcode", "fpu hypervisor", true)]
    public void BuffersAreClearedWhereAMitigationSaysSo(string vulnerability, string wording, string flags, bool clears)
    {
        var cpu = CpuCapture.Parse(Captures.Make("GenuineIntel", 6, 60, flags, "", "", (vulnerability, wording)));
        Assert.Equal(clears, HiddenFeatures.Infer(cpu)["X86_FEATURE_CLEAR_CPU_BUF"]);
    }

    // srbds_select_mitigation: OFF is reached only behind the test for SRBDS_CTRL; the first two answers come before it.
    [Theory]
    [InlineData("Mitigation: Microcode", true)]
    [InlineData("Vulnerable", true)]
    [InlineData("Vulnerable: No microcode", false)]
    [InlineData("Not affected", false)]
    [InlineData("Mitigation: TSX disabled", null)]
    [InlineData("Unknown: Dependent on hypervisor status", null)]
    public void SrbdsTellsOfItsControl(string wording, bool? expected)
    {
        var cpu = CpuCapture.Parse(Captures.Make("GenuineIntel", 6, 60, "fpu", "", "", ("srbds", wording)));
        Assert.Equal(expected, HiddenFeatures.Infer(cpu)["X86_FEATURE_SRBDS_CTRL"]);
    }

    // bsp_init_amd: LS_CFG for families 15h to 17h without AMD_SSBD and VIRT_SSBD; a newer family's flag is AMD_SSBD.
    [Theory]
    [InlineData("AuthenticAMD", 0x16, "ssbd", true, false)]
    [InlineData("AuthenticAMD", 0x17, "ssbd", true, false)]
    [InlineData("AuthenticAMD", 0x17, "ssbd ibrs", null, null)]
    [InlineData("AuthenticAMD", 0x17, "ssbd virt_ssbd", false, false)]
    [InlineData("AuthenticAMD", 0x19, "ssbd", false, true)]
    [InlineData("AuthenticAMD", 0x19, "fpu", false, false)]
    [InlineData("GenuineIntel", 6, "ssbd", false, false)]
    public void SsbdOfAmdIsOneOfTwo(string vendor, int family, string flags, bool? lsCfg, bool? amd)
    {
        IReadOnlyDictionary<string, bool?> found = HiddenFeatures.Infer(CpuCapture.Parse(Captures.Make(vendor, family, 1, flags, "", "")));
        Assert.Equal((lsCfg, amd), (found["X86_FEATURE_LS_CFG_SSBD"], found["X86_FEATURE_AMD_SSBD"]));
    }

    // retbleed_show_state has one wording for both on Intel: the command line tells them apart. IBRS trumps only what is shown.
    [Theory]
    [InlineData("retbleed=unret", "Vulnerable: untrained return thunk / IBPB on non-AMD based uarch", "RETHUNK UNRET", "ENTRY_IBPB")]
    [InlineData("retbleed=ibpb,nosmt", "Vulnerable: untrained return thunk / IBPB on non-AMD based uarch", "ENTRY_IBPB", "RETHUNK UNRET")]
    [InlineData("retbleed=ibpb", "Mitigation: IBRS", "ENTRY_IBPB", "RETHUNK UNRET")]
    [InlineData("retbleed=ibpb retbleed=auto", "Mitigation: IBRS", "", "ENTRY_IBPB RETHUNK UNRET")]
    [InlineData("retbleed=ibpb mitigations=off", "Vulnerable", "", "ENTRY_IBPB RETHUNK UNRET")]
    public void OnIntelTheCommandLineForcesRetbleed(string commandLine, string wording, string set, string clear)
    {
        var cpu = CpuCapture.Parse(Captures.Make(
            "GenuineIntel", 6, 0x5e, "fpu ibpb", "spectre_v2 retbleed", commandLine,
            ("spectre_v2", "Mitigation: IBRS; IBPB: conditional"), ("retbleed", wording)));
        Check(cpu, set, clear, "");
    }

    [Fact]
    public void WithoutVulnerabilitiesNoMitigationIsAssumed() => Check(
        CpuCapture.Parse("flags\t: fpu sse2\nbugs\t: spectre_v2 retbleed mds\n"),
        "ALWAYS LFENCE_RDTSC",
        "RETPOLINE RETHUNK UNRET CLEAR_CPU_BUF RSB_CTXSW USE_IBPB_FW",
        "");

    private static void Check(CpuCapture cpu, string set, string clear, string unknown)
    {
        IReadOnlyDictionary<string, bool?> found = HiddenFeatures.Infer(cpu);
        foreach ((string names, bool? expected) in new[] { (set, (bool?)true), (clear, false), (unknown, null) })
            foreach (string name in names.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries))
                Assert.True(found[$"X86_FEATURE_{name}"] == expected, $"{name} is {found[$"X86_FEATURE_{name}"]?.ToString() ?? "unknown"}");
    }
}
