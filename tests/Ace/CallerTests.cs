using PvPatch.Ace;

namespace PvPatch.Tests.Ace;

/// <summary>Callers: where they enter, what r11 holds, and what they expect to find afterwards.</summary>
public sealed class CallerTests
{
    private const string Area = """
            .globl __ace_table
        __ace_table:
            .byte 0xe9
            .long ace_test - . - 4
            .balign 16, 0xcc
            .globl __ace_table_end
        __ace_table_end:
            entry ace_test
            mov %rdi, %rax
            jmp *%r11
            entry ace_pair
            mov %rdi, %rax
            xor %edx, %edx
            jmp *%r11
            .text
            .globl caller
            .type caller, @function
        caller:
        """;

    [Theory]
    [InlineData("", "lea 1f(%rip), %r11\n jmp ace_test\n 1: ret")]
    [InlineData("", "lea 1f(%rip), %r11\n jmp __ace_table\n 1: ret")]
    [InlineData("", "mov $1f, %r11d\n jmp ace_test\n 1: ret")]
    [InlineData("", "movabs $1f, %r11\n mov %rsi, %rdi\n jmp ace_test\n 1: ret")]
    [InlineData("", "lea 1f(%rip), %rcx\n mov %rcx, %r11\n jmp ace_test\n 1: ret")]
    [InlineData("", "test %rdi, %rdi\n lea 1f(%rip), %r11\n jz ace_test\n 1: ret")]
    [InlineData("", "lea 1f(%rip), %r11\n mov $ace_test, %eax\n jmp *%rax\n 1: ret")]
    [InlineData("", "lea 1f(%rip), %r11\n jmp *pointer(%rip)\n 1: ret\n .section .rodata\n pointer: .quad ace_test")]
    [InlineData("PV2050", "lea 1f(%rip), %r11\n jmp ace_test+3\n 1: ret")]
    [InlineData("PV2050", "lea 1f(%rip), %r11\n jmp __ace_table+5\n 1: ret")]
    [InlineData("PV2050", "lea 1f(%rip), %r11\n mov $ace_test+3, %eax\n jmp *%rax\n 1: ret")]
    [InlineData("PV2050", "lea 1f(%rip), %r11\n jmp *pointer(%rip)\n 1: ret\n .section .rodata\n pointer: .quad ace_test+3")]
    [InlineData("PV2051", "jmp ace_test")]
    [InlineData("PV2051", "call ace_test\n ret")]
    [InlineData("PV2051", "lea 1f(%rip), %r11\n call ace_test\n 1: ret")]
    [InlineData("PV2051", "lea other(%rip), %r11\n jmp ace_test\n .section .text.o, \"ax\"\n .globl other\n .type other, @function\n other: ret")]
    [InlineData("PV2051", "lea 1f+1(%rip), %r11\n jmp ace_test\n 1: mov %eax, %ecx\n ret")]
    [InlineData("PV2051", "lea 1f(%rip), %r11\n syscall\n jmp ace_test\n 1: ret")]
    [InlineData("PV2051", "lea 1f(%rip), %r11\n add $1, %r11\n jmp ace_test\n 1: ret")]
    [InlineData("PV2051", "test %rdi, %rdi\n jz 2f\n lea 1f(%rip), %r11\n 2: jmp ace_test\n 1: ret")]
    [InlineData("PV2051", "mov (%rdi), %r11\n jmp ace_test\n 1: ret")]
    [InlineData("", "lea 1f(%rip), %r11\n jmp ace_pair\n 1: mov %rax, (%rbx)\n mov %rdx, 8(%rbx)\n ret")]
    [InlineData("PV2052", "lea 1f(%rip), %r11\n jmp ace_test\n 1: mov %rdx, %rax\n ret")]
    [InlineData("PV2052", "lea 1f(%rip), %r11\n jmp ace_test\n 1: mov %rdi, %rbx\n ret")]
    [InlineData("PV2052", "test %rsi, %rsi\n lea 1f(%rip), %r11\n jmp ace_test\n 1: jz 2f\n nop\n 2: ret")]
    [InlineData("PV2052", "lea 1f(%rip), %r11\n jmp ace_test\n 1: test %rax, %rax\n jz 2f\n ret\n 2: mov (%r10), %rax\n ret")]
    [InlineData("PV2052", "lea 1f(%rip), %r11\n jmp ace_test\n 1: lea 2f(%rip), %r11\n jmp ace_test\n 2: ret")]
    [InlineData("", "lea 1f(%rip), %r11\n jmp ace_test\n 1: mov %rbx, %rdi\n lea 2f(%rip), %r11\n jmp ace_test\n 2: ret")]
    public void CallerHasItsFindings(string ids, string body)
    {
        AceReport report = AceBuilder.Verify($"{Area}\n{body}\n .text\n .size caller, . - caller\n");
        Assert.Equal(1, Math.Min(1, report.Callers));
        Assert.Equal(ids, AceBuilder.Ids(report));
    }

    [Fact]
    public void ObjectIsLaidOut()
    {
        byte[] bytes = AceBuilder.Object(AceBuilder.Source($"{Area}\n lea 1f(%rip), %r11\n jmp ace_test+3\n 1: call elsewhere\n ret\n .size caller, . - caller"));
        using var file = PvPatch.Elf.ElfFile.Read(PvPatch.Elf.ByteSource.FromBytes(bytes));
        using var laidOut = ObjectLayout.Resolve(file);
        AceReport report = AceVerifier.Verify(laidOut, new AceOptions(), isObject: true)!;
        Assert.Equal("PV2050", AceBuilder.Ids(report));
        Assert.Equal(2, report.Entries.Count);
    }
}
