using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace PvPatch.Cli.Verbs;

/// <summary>The standard help, then complete examples and the exit codes.</summary>
internal sealed class HelpWithExamples(HelpAction standard) : SynchronousCommandLineAction
{
    private static readonly Dictionary<string, string[]> Examples = new(StringComparer.Ordinal)
    {
        ["pvpatch"] =
        [
            "pvpatch scan vmlinux --stat                         how many sites of each kind",
            "pvpatch rewrite vmlinux -o vmlinux.patched          the text a bare machine runs",
            "pvpatch diff old/vmlinux new/vmlinux                patch sites a build added, removed or changed",
        ],
        ["scan"] =
        [
            "pvpatch scan vmlinux                                every site, one a line, then totals",
            "pvpatch scan vmlinux --kind paravirt | grep irq_    the paravirt calls of some ops",
            "pvpatch scan vmlinux --format json -o sites.json",
        ],
        ["profile"] =
        [
            "pvpatch profile vmlinux --host -o here.json                             of this machine",
            "pvpatch profile vmlinux --cpuinfo capture.txt -o there.json             of a text capture",
            "pvpatch profile vmlinux --memory ram.raw --at phys:0x1000000 -o vm.json  of a running kernel, exact",
        ],
        ["rewrite"] =
        [
            "pvpatch rewrite vmlinux -o vmlinux.patched                     for the built-in baseline profile",
            "pvpatch rewrite vmlinux --cpu vm.json -o vmlinux.patched       for a machine",
            "pvpatch rewrite vmlinux --cpu vm.json --dry-run --patches      what would be written, and why",
            "pvpatch rewrite vmlinux --initial-keys --except ftrace,return,retpoline -o bootable",
        ],
        ["verify"] =
        [
            "pvpatch verify vmlinux                                         is every site legal",
            "pvpatch verify vmlinux.patched --against vmlinux               and nothing else changed",
        ],
        ["verify-ace"] =
        [
            "pvpatch verify-ace ace-area                                    the area, its routines and their worst cases",
            "pvpatch verify-ace ace-area --exercise                         and run it: interrupted everywhere, on two processors",
            "pvpatch verify-ace vmlinux --baseline ace.json --format sarif  for CI: only what a former report has not",
            "pvpatch verify-ace vmlinux --format json -o ace.json           and the kernel's callers and interrupt entries",
            "pvpatch verify-ace stripped --area 0x7ace00000000-0x7ace00001000 --entry 0x7ace00000070",
        ],
        ["diff"] =
        [
            "pvpatch diff old/vmlinux new/vmlinux --stat                    the summary only",
            "pvpatch diff vmlinux vmlinux.patched --kind alternative        what a rewrite did to one kind",
        ],
        ["explain"] =
        [
            "pvpatch explain vmlinux native_flush_tlb_local+0x12",
            "pvpatch explain vmlinux 0xffffffff81000123 --cpu vm.json",
        ],
        ["ops"] = ["pvpatch ops vmlinux                                 op → function, by the image's own names"],
    };

    /// <summary>Whoever asks for help need not get the rest right.</summary>
    public override bool ClearsParseErrors => true;

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        int code = standard.Invoke(parseResult);
        string verb = parseResult.CommandResult.Command is RootCommand ? "pvpatch" : parseResult.CommandResult.Command.Name;
        TextWriter output = parseResult.InvocationConfiguration.Output;
        output.WriteLine("Examples:");
        foreach (string line in Examples.GetValueOrDefault(verb, [])) output.WriteLine($"  {line}");
        output.WriteLine();
        output.WriteLine("Exit codes: 0 clean, 1 differences or findings, 2 usage, I/O or malformed input.");
        return code;
    }
}
