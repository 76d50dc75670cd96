using PvPatch.Elf;

namespace PvPatch.Kernel;

/// <summary>How kernels of one age lay out their patch tables, and which NOPs they write: data, never version tests.</summary>
/// <param name="Name">The release the facts were read in.</param>
/// <param name="AltInstrSize">Bytes of <c>struct alt_instr</c>: what tells the eras apart.</param>
/// <param name="CapabilityWords">Words of cpuinfo_x86.x86_capability, features then bugs: feature numbers hold for no other count.</param>
/// <param name="FeatureNames">The feature list (a resource) whose numbers the records use.</param>
/// <param name="Tables">The tables, in the order in which this kernel applies them at boot.</param>
public sealed record Era(
    string Name, uint AltInstrSize, uint CapabilityWords, string FeatureNames, IReadOnlyList<TableSpec> Tables)
{
    /// <summary>Linux 5.13 to 6.2 as Debian's 6.1 stands for them: parainstructions and 12-byte alternatives.</summary>
    public static Era Linux61 { get; } = new("6.1", 12, 24, "6.1",
    [
        // setup_arch: jump_label_init, static_call_init; start_kernel: ftrace_init; then alternative_instructions.
        new(SiteKind.JumpLabel, null, "__start___jump_table", "__stop___jump_table", 16),
        new(SiteKind.StaticCall, null, "__start_static_call_sites", "__stop_static_call_sites", 8),
        new(SiteKind.Ftrace, null, "__start_mcount_loc", "__stop_mcount_loc", 8),
        new(SiteKind.Paravirt, ".parainstructions", "__parainstructions", "__parainstructions_end", 16),
        new(SiteKind.Retpoline, ".retpoline_sites", "__retpoline_sites", "__retpoline_sites_end", 4),
        new(SiteKind.Return, ".return_sites", "__return_sites", "__return_sites_end", 4),
        new(SiteKind.Alternative, ".altinstructions", "__alt_instructions", "__alt_instructions_end", 12),
        new(SiteKind.Lock, ".smp_locks", "__smp_locks", "__smp_locks_end", 4),
    ]);

    // Tables of passes that no era here has: their kernels write text of which nothing is known yet.
    private static readonly string[] UnknownTables = [".ibt_endbr_seal", ".call_sites", ".cfi_sites"];

    /// <summary>Tells a kernel's era from its own type information, and where it has none from its banner.</summary>
    /// <exception cref="MalformedImageException">An era, or a machine, whose rules are not known here.</exception>
    public static Era Detect(ElfFile file, Btf? btf, string? banner)
    {
        if (file.Machine != ElfMachine.X8664)
            throw new MalformedImageException("ELF header", $"machine {file.Machine} is not supported yet, x86-64 is");
        if (btf?.FindStruct("alt_instr") is { } record && record.Size != Linux61.AltInstrSize)
            throw new MalformedImageException(
                "section .BTF", $"this kernel's alternatives have {record.Size}-byte records; the rules known here are for the 12-byte ones of Linux 5.13 to 6.2");
        if (btf is null && banner is not null && !banner.StartsWith("Linux version 6.1.", StringComparison.Ordinal))
            throw new MalformedImageException(
                "banner", $"“{banner}” has no .BTF to tell its record layouts, and is not a 6.1 kernel");
        if (Array.Find(UnknownTables, t => file.FindSection(t) is { Size: not 0 }) is { } unknown)
            throw new MalformedImageException($"section {unknown}", "this kernel patches these sites, too, and their rules are not known yet");
        if (btf is not null && btf.TryFindMember("cpuinfo_x86", "x86_capability", out _, out uint words) && words != Linux61.CapabilityWords)
            throw new MalformedImageException(
                "section .BTF", $"this kernel has {words} words of CPU features; the numbers known here are of a kernel with {Linux61.CapabilityWords}, Linux 6.1");
        return Linux61;
    }

    /// <summary>The table of one kind.</summary>
    public TableSpec TableOf(SiteKind kind) => Tables.First(t => t.Kind == kind);
}
