using PvPatch.Tests.Tools;

namespace PvPatch.Tests.Elf;

/// <summary>Files of both classes, objects and linked, that the GNU assembler and linker make for the tests.</summary>
public sealed class ElfSamples : IDisposable
{
    private const string One = """
            .text
            .globl  first, alias
            .type   first, @function
            .type   alias, @function
    first:
    alias:
            nop
            call    elsewhere
    inside: nop
            nop
            .size   first, . - first
            .size   alias, . - alias
            .type   twin, @function
    twin:   ret
            .size   twin, 1
            .globl  bare
    bare:   nop
            nop
            .data
            .long   first, elsewhere + 12
            .type   variable, @object
    variable:
            .skip   24
            .size   variable, 24
            .section .note.Test, "a", @note
            .long   5, 3, 7
            .asciz  "Test"
            .balign 4
            .byte   1, 2, 3
            .balign 4
            .bss
            .skip   64
    """;

    private const string Two = """
            .text
            .globl  elsewhere, twin
            .type   elsewhere, @function
    elsewhere:
            ret
            .size   elsewhere, 1
            .type   twin, @function
    twin:   int3
            ret
            .size   twin, 2
            .globl  constant
    constant = 0x1234
    """;

    private readonly TempFolder folder = new();

    public ElfSamples()
    {
        Make("32", "--32", "elf_i386");
        Make("64", "--64", "elf_x86_64");
        Make("x32", "--x32", "elf32_x86_64"); // 32-bit files for x86-64: the only ones whose relocations have addends
    }

    /// <summary>The names that <see cref="Path"/> takes.</summary>
    public static TheoryData<string> Names => ["mini-vmlinux", "one32.o", "one64.o", "onex32.o", "linked32", "linked64"];

    /// <summary>Where a sample lies.</summary>
    public string Path(string name) => name == "mini-vmlinux" ? TestPaths.Mini : folder.Path(name);

    public void Dispose() => folder.Dispose();

    private void Make(string bits, string option, string emulation)
    {
        string one = Binutils.Assemble(folder, $"one{bits}", One, option);
        string two = Binutils.Assemble(folder, $"two{bits}", Two, option);
        Binutils.Run(
            "ld", "-m", emulation, "--build-id=sha1", "-Ttext=0x100000", "-e", "bare", "-o", folder.Path($"linked{bits}"), one, two);
    }
}
