namespace PvPatch.Platforms;

/// <summary>The bits that /proc/cpuinfo does not show, inferred from vendor, flags, bugs and the mitigations' wording.</summary>
/// <remarks>Each rule restates who sets the bit in Linux 6.1 (cpu/common.c, cpu/amd.c, cpu/intel.c, cpu/bugs.c, fpu/xstate.c).</remarks>
internal static class HiddenFeatures
{
    /// <summary>Name → set, clear, or (null) not to be told from a capture.</summary>
    public static IReadOnlyDictionary<string, bool?> Infer(CpuCapture cpu)
    {
        bool amd = cpu.Vendor is "AuthenticAMD", hygon = cpu.Vendor is "HygonGenuine", intel = cpu.Vendor is "GenuineIntel";
        bool amdLike = amd || hygon, guest = cpu.Flags.Contains("hypervisor");
        string v2 = cpu.Vulnerability("spectre_v2");
        string mode = v2.Split(';', ',')[0];
        bool cutShort = mode.Contains("unprivileged eBPF", StringComparison.Ordinal); // then sysfs says no more of it
        bool lfence = mode.Contains("LFENCE", StringComparison.Ordinal);
        bool v2On = cpu.Bugs.Contains("spectre_v2") && mode is not ("Vulnerable" or "");
        string retbleed = cpu.Vulnerability("retbleed"), srso = cpu.Vulnerability("spec_rstack_overflow");

        // sysfs tells AMD's retbleed mitigation; elsewhere it is what the command line forced, whatever sysfs words it as.
        string forced = amdLike || !cpu.Bugs.Contains("retbleed") || cpu.CommandLine.Contains("mitigations=off")
            ? string.Empty
            : RetbleedOption(cpu);
        bool unret = amdLike ? retbleed.Contains("untrained return thunk", StringComparison.Ordinal) : forced is "unret";
        bool safeRet = srso.Contains("safe RET", StringComparison.OrdinalIgnoreCase);
        bool its = cpu.Vulnerability("indirect_target_selection").Contains("Aligned branch", StringComparison.Ordinal);
        bool entryIbpb = retbleed.StartsWith("Mitigation: IBPB", StringComparison.Ordinal) || srso is "Mitigation: IBPB"
            || (forced is "ibpb" && cpu.Flags.Contains("ibpb"));
        bool retpoline = mode.Contains("Retpoline", StringComparison.OrdinalIgnoreCase) || lfence
            || mode.Contains("eIBRS+", StringComparison.Ordinal);
        bool v1 = cpu.Vulnerability("spectre_v1").Contains("swapgs barriers and", StringComparison.Ordinal);
        bool smapHolds = cpu.Flags.Contains("smap") && !cpu.Bugs.Contains("cpu_meltdown"); // smap_works_speculatively
        bool fence = v1 && (cpu.Flags.Contains("fsgsbase") || !smapHolds);
        bool ssbd = cpu.Flags.Contains("ssbd");
        string srbds = cpu.Vulnerability("srbds");

        // AMD families 15h to 17h have SSBD in LS_CFG unless CPUID names SPEC_CTRL for it, as some of family 17h do.
        bool lsCfgFamily = amdLike && ssbd && !cpu.Flags.Contains("virt_ssbd") && (hygon || cpu.Family is >= 0x15 and <= 0x17);
        bool? ssbdByLsCfg = lsCfgFamily && cpu.Family >= 0x17 && cpu.Flags.Contains("ibrs") ? null : lsCfgFamily;
        return new Dictionary<string, bool?>(StringComparer.Ordinal)
        {
            ["X86_FEATURE_ALWAYS"] = true,
            ["X86_FEATURE_SYSCALL32"] = amdLike,
            ["X86_FEATURE_SYSENTER32"] = !amdLike,
            ["X86_FEATURE_LFENCE_RDTSC"] = cpu.Flags.Contains("sse2"),
            ["X86_FEATURE_APIC_MSRS_FENCE"] = !amdLike,
            ["X86_FEATURE_ZEN"] = hygon || (amd && IsZen(cpu.Family, cpu.Model)),
            ["X86_FEATURE_OSXSAVE"] = cpu.Flags.Contains("xsave"),
            ["X86_FEATURE_XCOMPACTED"] = cpu.Flags.Contains("xsavec") || cpu.Flags.Contains("xsaves"),
            ["X86_FEATURE_XFD"] = cpu.Flags.Contains("amx_tile"),
            ["X86_FEATURE_MSR_SPEC_CTRL"] = cpu.Flags.Contains("ibrs") || cpu.Flags.Contains("stibp"),
            ["X86_FEATURE_RETPOLINE"] = retpoline,
            ["X86_FEATURE_RETPOLINE_LFENCE"] = lfence,
            ["X86_FEATURE_KERNEL_IBRS"] = mode is "Mitigation: IBRS",
            ["X86_FEATURE_RSB_CTXSW"] = v2.Contains("RSB filling", StringComparison.Ordinal),
            ["X86_FEATURE_USE_IBPB"] = cutShort && cpu.Flags.Contains("ibpb") ? null
                : v2.Contains("IBPB: always-on", StringComparison.Ordinal) || v2.Contains("IBPB: conditional", StringComparison.Ordinal),
            ["X86_FEATURE_USE_IBRS_FW"] = v2.Contains("IBRS_FW", StringComparison.Ordinal),
            ["X86_FEATURE_USE_IBPB_FW"] = v2On && amdLike && cpu.Bugs.Contains("retbleed") && cpu.Flags.Contains("ibpb")
                && RetbleedOption(cpu) is not "ibpb",
            ["X86_FEATURE_CLEAR_BHB_HW"] = cutShort && cpu.Bugs.Contains("bhi") ? null : v2.Contains("BHI: BHI_DIS_S", StringComparison.Ordinal),
            ["X86_FEATURE_CLEAR_BHB_LOOP"] = cutShort && cpu.Bugs.Contains("bhi") ? null : v2.Contains("BHI: SW loop", StringComparison.Ordinal),
            ["X86_FEATURE_FENCE_SWAPGS_KERNEL"] = fence,
            ["X86_FEATURE_FENCE_SWAPGS_USER"] = fence && cpu.Bugs.Contains("swapgs") && !cpu.Flags.Contains("pti"),
            ["X86_FEATURE_ENTRY_IBPB"] = entryIbpb,
            ["X86_FEATURE_RETHUNK"] = its || ((unret || safeRet) && !entryIbpb),
            ["X86_FEATURE_UNRET"] = (unret || safeRet) && !entryIbpb,
            ["X86_FEATURE_SRSO"] = safeRet && cpu.Family != 0x19,
            ["X86_FEATURE_SRSO_ALIAS"] = safeRet && cpu.Family == 0x19,
            ["X86_FEATURE_INDIRECT_THUNK_ITS"] = its && !retpoline,
            ["X86_FEATURE_CLEAR_CPU_BUF"] = ClearsBuffers(cpu),
            ["X86_FEATURE_SPEC_STORE_BYPASS_DISABLE"] = cpu.Vulnerability("spec_store_bypass") is "Mitigation: Speculative Store Bypass disabled",
            ["X86_FEATURE_SPEC_CTRL_SSBD"] = !amdLike && ssbd,
            ["X86_FEATURE_LS_CFG_SSBD"] = ssbdByLsCfg,
            ["X86_FEATURE_AMD_SSBD"] = amdLike && ssbd && !cpu.Flags.Contains("virt_ssbd") ? !ssbdByLsCfg : false,
            ["X86_FEATURE_SRBDS_CTRL"] = srbds switch
            {
                "Mitigation: Microcode" or "Vulnerable" => true, // switched off by the command line only where it could be on
                "Mitigation: TSX disabled" or "Unknown: Dependent on hypervisor status" => null,
                _ => false,
            },
            ["X86_FEATURE_SGX2"] = cpu.Flags.Contains("sgx") ? null : false,
            ["X86_FEATURE_MSR_TSX_CTRL"] = intel && (cpu.Flags.Contains("rtm") || cpu.Bugs.Contains("taa")) ? null : false,
            ["X86_FEATURE_HYBRID_CPU"] = intel && cpu.Flags.Contains("serialize") && !guest ? null : false,
            ["X86_FEATURE_COHERENCY_SFW_NO"] = amd && cpu.Family >= 0x19 && cpu.Flags.Contains("sev_snp") ? null : false,
            ["X86_FEATURE_SME_COHERENT"] = amd && cpu.Flags.Contains("sme") ? null : false,
            ["X86_FEATURE_XENPV"] = false,
            ["X86_FEATURE_PVUNLOCK"] = guest ? null : false, // paravirt_set_cap: a hypervisor may bring its own locks
            ["X86_FEATURE_VCPUPREEMPT"] = guest ? null : false,
            ["X86_FEATURE_VMCALL"] = false,
            ["X86_FEATURE_VMW_VMMCALL"] = false,
        };
    }

    // bsp_init_amd, 6.1: the models it knows; later families set nothing.
    private static bool IsZen(int family, int model) => family switch
    {
        0x17 => model is <= 0x7f or (>= 0x90 and <= 0x91) or (>= 0xa0 and <= 0xaf),
        0x19 => model <= 0xaf,
        _ => false,
    };

    // retbleed_parse_cmdline, 6.1: the last word that names a mitigation counts.
    private static string RetbleedOption(CpuCapture cpu) =>
        cpu.CommandLine.Where(w => w.StartsWith("retbleed=", StringComparison.Ordinal))
            .SelectMany(w => w["retbleed=".Length..].Split(','))
            .LastOrDefault(w => w is "off" or "auto" or "unret" or "ibpb") ?? "auto";

    // verw on the way out: “attempted, no microcode” does it too, but for TSA on a bare machine; MMIO follows MDS and TAA.
    private static bool ClearsBuffers(CpuCapture cpu)
    {
        string tsa = cpu.Vulnerability("tsa");
        return Clears(cpu.Vulnerability("mds")) || Clears(cpu.Vulnerability("tsx_async_abort"))
            || (Clears(tsa) && !tsa.EndsWith(": VM", StringComparison.Ordinal)
                && (cpu.Flags.Contains("hypervisor") || !tsa.StartsWith("Vulnerable", StringComparison.Ordinal)))
            || cpu.Vulnerability("reg_file_data_sampling").Contains("Clear Register File", StringComparison.Ordinal);

        static bool Clears(string wording) => wording.Contains("Clear CPU buffers", StringComparison.Ordinal);
    }
}
