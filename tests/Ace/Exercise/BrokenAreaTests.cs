using System.Globalization;
using System.Text.RegularExpressions;
using PvPatch.Ace.Exercise;

namespace PvPatch.Tests.Ace.Exercise;

/// <summary>Each way to break the convention fails, with the schedule that a person would name.</summary>
public sealed class BrokenAreaTests
{
    private const string Back = "\n movl $0, lock(%rip)\n jmp *%r11\n";

    public static TheoryData<string, string, string, string> Broken { get; } = new()
    {
        {
            "r11 kept elsewhere on the way", "ComesBackElsewhere",
            $"entry ace_x\n mov %r11, %r9\n{TinyArea.Take} mov counter(%rip), %r11\n inc %r11\n mov %r11, counter(%rip)\n mov %r9, %r11 {Back}",
            "cpu0: 1 instruction of ace_x()|interrupt before 0x7ace00000003 <ace_x+0x3> lock btsl $0x0,lock(%rip): rip and r11 change places|…"
        },
        {
            "lock released too early", "NotAtomic",
            $"entry ace_x\n{TinyArea.Take} mov counter(%rip), %rax\n inc %rax\n movl $0, lock(%rip)\n mov %rax, counter(%rip)\n jmp *%r11",
            "cpu0: 5 instructions of ace_x()|cpu1: ace_x() to its end, 7 instructions|cpu0: runs on to its end, 2 instructions"
        },
        {
            "lock not taken", "NotAtomic",
            "entry ace_x\n mov counter(%rip), %rax\n inc %rax\n mov %rax, counter(%rip)\n jmp *%r11",
            "cpu0: 1 instruction of ace_x()|cpu1: ace_x() to its end, 4 instructions|cpu0: runs on to its end, 3 instructions"
        },
        {
            "lock not taken, one instruction", "NotAtomic",
            "entry ace_x\n mov $1, %eax\n xadd %rax, counter(%rip)\n jmp *%r11",
            "cpu0: 1 instruction of ace_x(), and the read, not yet the write, of 0x7ace00000005 <ace_x+0x5> xadd %rax,counter(%rip)|cpu1: ace_x() to its end, 3 instructions|cpu0: runs on to its end, 1 instruction"
        },
        {
            "test, then set", "NotAtomic",
            $"entry ace_x\n1: cmpl $0, lock(%rip)\n jne 1b\n movl $1, lock(%rip)\n mov counter(%rip), %rax\n inc %rax\n mov %rax, counter(%rip) {Back}",
            "cpu0: 1 instruction of ace_x()|cpu1: 4 instructions of ace_x()|cpu0: runs on to its end, 7 instructions|cpu1: runs on to its end, 4 instructions"
        },
        {
            // What it read before the other one let the lock go, it writes after that: held for ever.
            "bts without its lock prefix", "Deadlock",
            $"entry ace_x\n1: btsl $0, lock(%rip)\n jc 1b\n mov counter(%rip), %rax\n inc %rax\n mov %rax, counter(%rip) {Back}",
            "cpu0: 1 instruction of ace_x()|cpu1: of ace_x() the read, not yet the write, of 0x7ace00000000 <ace_x> btsl $0x0,lock(%rip)|cpu0: runs on to its end, 6 instructions|cpu1: runs on, and spins"
        },
        {
            "the stack", "Stack",
            $"entry ace_x\n push %rax\n{TinyArea.Take} pop %rax {Back}",
            "cpu0: ace_x() fails at 0x7ace00000000 <ace_x> push %rax"
        },
        {
            "ret", "Leaves",
            $"entry ace_x\n{TinyArea.Take} movl $0, lock(%rip)\n ret",
            "cpu0: ace_x(), 3 instructions; then it fails at 0x7ace00000015 <ace_x+0x15> ret"
        },
        {
            "another register", "Leaves",
            "entry ace_x\n mov %r11, %r10\n jmp *%r10",
            "cpu0: ace_x(), 1 instruction; then it fails at 0x7ace00000003 <ace_x+0x3> jmp *%r10"
        },
        {
            "lock kept on an error path", "LockHeld",
            $"{TinyArea.Inc}\n entry ace_x\n{TinyArea.Take} mov $-1, %eax\n cmp $4, %edi\n jae 9f\n mov %edi, %eax\n movl $0, lock(%rip)\n9: jmp *%r11",
            "cpu0: ace_x(4) to its end, 6 instructions"
        },
        {
            "lock always kept", "Deadlock",
            $"entry ace_x\n{TinyArea.Take} jmp *%r11",
            "setup: ace_x()|cpu0: ace_x(), 1 instruction; then it spins for ever"
        },
        {
            "lock taken twice", "Deadlock",
            $"entry ace_x\n{TinyArea.Take}{TinyArea.Take} {Back}",
            "cpu0: ace_x(), 3 instructions; then it spins for ever"
        },
        {
            "two locks in two orders", "Deadlock",
            "entry ace_x\n1: lock btsl $0, lock(%rip)\n jc 1b\n2: lock btsl $0, other(%rip)\n jc 2b\n movl $0, other(%rip)\n movl $0, lock(%rip)\n jmp *%r11\n"
            + "entry ace_y\n1: lock btsl $0, other(%rip)\n jc 1b\n2: lock btsl $0, lock(%rip)\n jc 2b\n movl $0, lock(%rip)\n movl $0, other(%rip)\n jmp *%r11",
            "cpu0: 1 instruction of ace_x()|cpu1: ace_y(), and spins|cpu0: runs on, and spins"
        },
        {
            "a callee-saved register", "Registers",
            "entry ace_x\n mov $1, %ebx\n jmp *%r11",
            "cpu0: ace_x(), 2 instructions; then it is back at the caller"
        },
        { "the direction flag", "Registers", "entry ace_x\n std\n jmp *%r11", "…" },
        { "no end", "Runaway", "entry ace_x\n1: inc %rax\n jmp 1b", "…runs on and on" },
        { "a loop", "Deadlock", "entry ace_x\n1: jmp 1b", "…spins for ever" },
        { "a pointer from the caller", "Fault", "entry ace_x\n mov %rax, (%rdi)\n jmp *%r11", "cpu0: ace_x(0) fails at …" },
        { "the area's own bytes", "Fault", "entry ace_x\n mov %eax, ace_x(%rip)\n jmp *%r11", "…" },
        { "an index that is not checked", "Fault", "entry ace_x\n lea cells(%rip), %r8\n mov (%r8,%rdi,8), %rax\n jmp *%r11", "cpu0: ace_x(0x100000000), …" },
        { "a division", "Fault", "entry ace_x\n xor %edx, %edx\n mov $1, %eax\n div %rdi\n jmp *%r11", "cpu0: ace_x(0), 2 instructions; …" },
        { "a system call", "Leaves", "entry ace_x\n syscall\n jmp *%r11", "…" },
        { "a halt", "Instruction", "entry ace_x\n hlt\n jmp *%r11", "…" },
        { "an interrupt", "Instruction", "entry ace_x\n int $0x80\n jmp *%r11", "…" },
        { "cpuid", "Instruction", "entry ace_x\n cpuid\n jmp *%r11", "…" },
        { "the clock", "Instruction", "entry ace_x\n rdtsc\n jmp *%r11", "…" },
        { "vector registers", "Instruction", "entry ace_x\n pxor %xmm0, %xmm0\n jmp *%r11", "…" },
        { "another segment", "Instruction", "entry ace_x\n mov %gs:0, %rax\n jmp *%r11", "…" },
        { "no instruction", "Instruction", "entry ace_x\n .byte 6\n jmp *%r11", "…" },
        { "falls off the end", "Leaves", "entry ace_z\n jmp *%r11\n .org 4093, 0xcc\n entry ace_x\n mov %eax, %eax\n nop", "…" },
        { "branches out", "Leaves", "entry ace_x\n jmp counter", "…" },
        {
            "a link that is not checked", "Fault",
            $"entry ace_x\n{TinyArea.Take} mov link(%rip), %eax\n lea cells(%rip), %r8\n mov (%r8,%rax,8), %rax {Back}",
            "setup: every word of the data is 0x…|cpu0: …"
        },
        {
            "a slot behind the lock", "NotAtomic",
            $".globl __ace_table, __ace_table_end\n__ace_table: .byte 0xe9\n .long behind - . - 4\n .balign 16, 0xcc\n__ace_table_end:\n"
            + $"entry ace_x\n{TinyArea.Take}behind: mov counter(%rip), %rax\n inc %rax\n mov %rax, counter(%rip) {Back}",
            "cpu0: 2 instructions of slot 0()|cpu1: slot 0() to its end, 6 instructions|cpu0: runs on to its end, 4 instructions"
        },
    };

    [Theory]
    [MemberData(nameof(Broken))]
    public void FailsWithTheShortestSchedule(string what, string kind, string code, string schedule)
    {
        using AceSample sample = AceSample.Assemble(code);
        ExerciseFailure? failure = AceExerciser.Run(sample.Image, sample.Area, ExerciseOptions.Default).Failure;
        Assert.NotNull(failure);
        string told = string.Join('\n', failure.Schedule);
        Assert.True(kind == failure.Kind.ToString(), $"{what}: {failure.Kind}: {failure.Message}\n{told}\n{failure.Expected}\n{failure.Found}");
        string pattern = string.Join('\n', schedule.Split('|').Select(l => Regex.Escape(l).Replace("…", ".*", StringComparison.Ordinal)));
        Assert.True(schedule == "…" || Regex.IsMatch(told, $"^{pattern}$", RegexOptions.None, TimeSpan.FromSeconds(10)), told);
        Assert.NotEqual(failure.Expected, failure.Found);
    }

    [Fact]
    public void TellsTheStateThatNoOrderLeaves()
    {
        using AceSample sample = AceSample.Assemble("entry ace_x\n mov counter(%rip), %rax\n inc %rax\n mov %rax, counter(%rip)\n jmp *%r11");
        ExerciseFailure failure = AceExerciser.Run(sample.Image, sample.Area, ExerciseOptions.Default).Failure!;
        string address = string.Create(CultureInfo.InvariantCulture, $"0x{sample.Area.DataStart + 8:x}");
        Assert.Equal($"{address} <counter> is 2; ace_x() leaves 2 in rax", failure.Expected);
        Assert.Equal($"{address} <counter> is 1; ace_x() leaves 1 in rax", failure.Found);
    }
}
