using System.Diagnostics;
using PvPatch.Ace;
using PvPatch.Elf;

namespace PvPatch.Tests.Ace;

/// <summary>Assembles small areas with binutils, and verifies them.</summary>
internal static class AceBuilder
{
    // A lock is at the data's beginning, another behind it; counter and table are what they protect.
    private const string Skeleton = """
            .macro  entry name
            .balign 16, 0xcc
            .globl  \name
            .type   \name, @function
        \name:
            .endm
            .macro  acquire name
        .Ltry\@:
            lock btsl $0, \name(%rip)
            jc      .Ltry\@
            .endm
            .macro  release name
            movl    $0, \name(%rip)
            .endm
            .section .ace, "ax", @progbits
            .balign 4096, 0xcc
            .globl  __ace_start
        __ace_start:
        BODY
            .section .ace
            .balign 4096, 0xcc
            .globl  __ace_end
        __ace_end:
            .section .ace_data, "aw", @nobits
            .balign 4096
            .globl  __ace_data_start
        __ace_data_start:
        lock_a: .skip 4
        lock_b: .skip 4
        counter: .skip 8
            .balign 64
        table:  .skip 64 * 8
            .balign 4096
            .globl  __ace_data_end
        __ace_data_end:
        """;

    /// <summary>The usual entry around some instructions.</summary>
    public static string Entry(string body) => $"    entry ace_test\n{body}\n    jmp *%r11\n";

    /// <summary>The usual entry around some instructions that hold lock_a.</summary>
    public static string Locked(string body) => Entry($"    acquire lock_a\n{body}\n    release lock_a");

    /// <summary>Links an area and what else the body has, and verifies it.</summary>
    public static AceReport Verify(string body, params string[] ldOptions) => VerifyWhole(Skeleton.Replace("BODY", body, StringComparison.Ordinal), ldOptions);

    /// <summary>Verifies a whole source.</summary>
    public static AceReport VerifyWhole(string source, params string[] ldOptions)
    {
        using ElfFile file = ElfFile.Read(ByteSource.FromBytes(Link(source, ldOptions)));
        return AceVerifier.Verify(file, new AceOptions()) ?? throw new InvalidOperationException("there is no area");
    }

    /// <summary>The skeleton with other lines in place of some.</summary>
    public static string Source(string body, params (string Old, string New)[] changes)
    {
        string source = Skeleton.Replace("BODY", body, StringComparison.Ordinal);
        foreach ((string old, string @new) in changes) source = source.Replace(old, @new, StringComparison.Ordinal);
        return source;
    }

    /// <summary>The ids of a report's findings, each once, ascending.</summary>
    public static string Ids(AceReport report) =>
        string.Join(' ', report.Findings.Select(f => f.Rule.Id).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));

    /// <summary>A linked file.</summary>
    public static byte[] Link(string source, params string[] ldOptions)
    {
        string folder = Directory.CreateTempSubdirectory("pvpatch-ace").FullName;
        try
        {
            string o = Assemble(source, folder), elf = Path.Combine(folder, "a");
            Run("ld", ["-nostdlib", "-static", "-e", "0", "-z", "max-page-size=4096", "-z", "noexecstack", "--no-warn-rwx-segments",
                "--section-start=.text=0x400000", "--section-start=.ace=0x500000", "--section-start=.ace_data=0x600000", .. ldOptions, "-o", elf, o]);
            return File.ReadAllBytes(elf);
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }

    /// <summary>An object file.</summary>
    public static byte[] Object(string source)
    {
        string folder = Directory.CreateTempSubdirectory("pvpatch-ace").FullName;
        try
        {
            return File.ReadAllBytes(Assemble(source, folder));
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }

    /// <summary>Runs a program to its end.</summary>
    public static void Run(string program, IEnumerable<string> arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, UseShellExecute = false })!;
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0) throw new InvalidOperationException($"{program}: {errors}");
    }

    private static string Assemble(string source, string folder)
    {
        string s = Path.Combine(folder, "a.S"), o = Path.Combine(folder, "a.o");
        File.WriteAllText(s, source + "\n");
        Run("as", ["--64", "-o", o, s]);
        return o;
    }
}
