using System.Diagnostics;
using PvPatch.Ace;
using PvPatch.Elf;

namespace PvPatch.Tests.Ace.Exercise;

/// <summary>An area assembled and linked by binutils, found by its symbols.</summary>
internal sealed class AceSample : IDisposable
{
    private const string Script = """
        SECTIONS
        {
            .ace 0x7ace00000000 : { *(.ace) . = ALIGN(4096); }
            .ace_data ALIGN(4096) : { *(.ace_data) . = ALIGN(4096); }
            /DISCARD/ : { *(.note.*) *(.comment) *(.text) *(.data) *(.bss) }
        }

        """;

    private AceSample(ElfFile image)
    {
        Image = image;
        ulong start = Find("__ace_start"), end = Find("__ace_end");
        var entries = new List<AceEntry>();
        for (int i = 0; i < image.Symbols.Count; i++)
        {
            ElfSymbol symbol = image.Symbols[i];
            if (symbol.Type == ElfSymbol.Function && symbol.Address >= start && symbol.Address < end && image.Symbols.GetName(symbol).StartsWith("ace_", StringComparison.Ordinal))
                entries.Add(new AceEntry(image.Symbols.GetName(symbol), symbol.Address));
        }

        Area = new AceArea(
            start, end, Find("__ace_data_start"), Find("__ace_data_end"), Find("__ace_table"), Find("__ace_table_end"),
            [.. entries.OrderBy(e => e.Address)]);
    }

    /// <summary>The image.</summary>
    public ElfFile Image { get; }

    /// <summary>Its area.</summary>
    public AceArea Area { get; }

    /// <summary>Opens a linked area.</summary>
    public static AceSample Open(string path) => new(ElfFile.Read(ByteSource.Open(path)));

    /// <summary>Assembles code, between the area's symbols, and data, between theirs.</summary>
    public static AceSample Assemble(string code, string data = TinyArea.Data)
    {
        string folder = Directory.CreateTempSubdirectory("pvpatch-ace.").FullName;
        try
        {
            string source = Path.Combine(folder, "area.s"), script = Path.Combine(folder, "area.lds");
            File.WriteAllText(source, $"""
                    .macro entry name
                    .globl \name
                    .type \name, @function
                \name:
                    .endm
                    .section .ace, "ax", @progbits
                    .globl __ace_start, __ace_end, __ace_data_start, __ace_data_end
                __ace_start:
                {code}
                    .balign 4096, 0xcc
                __ace_end:
                    .section .ace_data, "aw", @progbits
                __ace_data_start:
                {data}
                    .balign 4096
                __ace_data_end:

                """);
            File.WriteAllText(script, Script);
            Run("as", "-o", Path.Combine(folder, "area.o"), source);
            Run("ld", "-T", script, "-o", Path.Combine(folder, "area"), Path.Combine(folder, "area.o"));
            return new AceSample(ElfFile.Read(ByteSource.FromBytes(File.ReadAllBytes(Path.Combine(folder, "area")))));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Runs a tool that must succeed.</summary>
    public static void Run(string tool, params string[] arguments)
    {
        var start = new ProcessStartInfo(tool, arguments) { RedirectStandardError = true, RedirectStandardOutput = true, UseShellExecute = false };
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0) throw new InvalidOperationException($"{tool}: {errors}{output.Result}");
    }

    public void Dispose() => Image.Dispose();

    private ulong Find(string name) => Image.Symbols.TryFindAddress(name, out ulong address) ? address : 0;
}
