using PvPatch.Ace;

namespace PvPatch.Tests.Ace;

/// <summary>Interrupt entries: many ways to let the area finish first, and what each may get wrong.</summary>
public sealed class HandlerTests
{
    private const string Area = """
            entry ace_test
            cmp $5, %rdi
            jb 1f
            mov %rdi, %rax
        1:  jmp *%r11
            .text
            .type asm_test_interrupt, @function
        """;

    // Two words saved: rip at 16(%rsp), flags at 32(%rsp).
    private const string Save = "push %rax\n push %rcx\n";

    private const string Test = "mov 16(%rsp), %rax\n lea __ace_start(%rip), %rcx\n cmp %rcx, %rax\n jb out\n lea __ace_end(%rip), %rcx\n cmp %rcx, %rax\n jae out\n";

    private const string Resume = """
         mov %r11, 16(%rsp)
         mov %rax, %r11
         pushq 32(%rsp)
         andl $0xcd5, (%rsp)
         popfq
         pop %rcx
         mov (%rsp), %rax
         mov %r11, (%rsp)
         lea back(%rip), %r11
         jmp *(%rsp)
        back: nop
        out: call handler
         iretq
        handler: ret

        """;

    public static TheoryData<string, string> Entries => new()
    {
        { "", $"asm_test_interrupt:\n endbr64\n cld\n {Save}{Test}{Resume}" },

        // another register, one compare of a distance, in a function of its own
        { "", $"asm_test_interrupt: {Save} jmp ace_common\n ace_common: mov 16(%rsp), %rax\n lea __ace_start(%rip), %rcx\n sub %rcx, %rax\n cmp $0x1000, %rax\n jae out\n mov 16(%rsp), %rax\n {Resume}" },
        { "", $"asm_test_interrupt: {Save} cmpq $__ace_start, 16(%rsp)\n jb out\n cmpq $__ace_end-1, 16(%rsp)\n ja out\n mov 16(%rsp), %rax\n {Resume}" },
        { "", $"asm_test_interrupt: testb $3, 8(%rsp)\n jz 1f\n swapgs\n mov %rax, %gs:64\n mov %gs:64, %rax\n 1: {Save}{Test}{Resume}" },

        // a call that tests, and says so by where it returns
        { "", $"asm_test_interrupt: {Save} call ace_common\n out: iretq\n ace_common: mov 24(%rsp), %rax\n lea __ace_start(%rip), %rcx\n cmp %rax, %rcx\n ja 1f\n lea __ace_end(%rip), %rcx\n cmp %rax, %rcx\n jbe 1f\n add $8, %rsp\n "
            + Resume.Replace("out: call handler", "call handler", StringComparison.Ordinal) + " 1: ret" },

        // back by ret and by iretq
        { "", $"asm_test_interrupt: {Save}{Test} mov %r11, 16(%rsp)\n mov %rax, -64(%rsp)\n lea back(%rip), %r11\n pushq 32(%rsp)\n andw $0xfdff, (%rsp)\n popfq\n pop %rcx\n pop %rax\n lea -80(%rsp), %rsp\n ret\n back: nop\n out: iretq" },
        { "", $"asm_test_interrupt: {Save}{Test} mov %r11, 16(%rsp)\n lea back(%rip), %r11\n pushq $0\n pushq %rsp\n pushq 48(%rsp)\n btrq $9, (%rsp)\n pushq $16\n push %rax\n mov 40(%rsp), %rcx\n mov 48(%rsp), %rax\n iretq\n back: nop\n out: iretq" },
        { "PV2026", $"asm_test_interrupt: {Save}{Test}" + Resume.Replace("popfq", "add $8, %rsp", StringComparison.Ordinal) },
        { "PV2060", "asm_test_interrupt: iretq" },
        { "PV2060", $"asm_test_interrupt: incl counter(%rip)\n {Save}{Test}{Resume}" },
        { "PV2060", $"asm_test_interrupt: mov %rax, counter(%rip)\n {Save}{Test}{Resume}" },
        { "PV2060", $"asm_test_interrupt: sti\n {Save}{Test}{Resume}" },
        { "PV2060", $"asm_test_interrupt: testb $3, 8(%rsp)\n jz 2f\n {Save}{Test}{Resume} 2: iretq" },
        { "PV2061", $"asm_test_interrupt: {Save}" + Test.Replace("jae", "ja", StringComparison.Ordinal) + Resume },
        { "PV2061", $"asm_test_interrupt: {Save}" + Test.Replace("jb", "jbe", StringComparison.Ordinal) + Resume },
        { "PV2061", $"asm_test_interrupt: {Save}" + Test.Replace("jb", "jl", StringComparison.Ordinal) + Resume },
        { "PV2061", $"asm_test_interrupt: {Save}" + Test.Replace("__ace_end", "__ace_end-16", StringComparison.Ordinal) + Resume },
        { "PV2060", $"asm_test_interrupt: {Save}" + Test.Replace("16(%rsp)", "24(%rsp)", StringComparison.Ordinal) + Resume }, // that is CS
        { "PV2062", $"asm_test_interrupt: {Save}{Test}" + Resume.Replace("mov %r11, 16(%rsp)", "nop", StringComparison.Ordinal) },
        { "PV2062", $"asm_test_interrupt: {Save}{Test}" + Resume.Replace("lea back(%rip), %r11", "mov 8(%rsp), %r11", StringComparison.Ordinal) },
        { "PV2062", $"asm_test_interrupt: {Save}{Test}" + Resume.Replace("pop %rcx", "lea 8(%rsp), %rsp", StringComparison.Ordinal) },
        { "PV2062", $"asm_test_interrupt: {Save}{Test}" + Resume.Replace("andl $0xcd5, (%rsp)", "nop", StringComparison.Ordinal) },
        { "PV2062", $"asm_test_interrupt: {Save}{Test}" + Resume.Replace("$0xcd5", "$0xed5", StringComparison.Ordinal) },
        { "PV2062", $"asm_test_interrupt: {Save}{Test} sti\n {Resume}" },
        { "PV2062", $"asm_test_interrupt: {Save}{Test}" + Resume.Replace("lea back(%rip), %r11", "lea ace_test(%rip), %r11", StringComparison.Ordinal) },
    };

    [Theory]
    [MemberData(nameof(Entries))]
    public void EntryHasItsFindings(string ids, string body)
    {
        AceReport report = AceBuilder.Verify($"{Area}\n{body}\n");
        Assert.Equal(1, report.Handlers);
        Assert.Equal(ids, AceBuilder.Ids(report));
    }
}
