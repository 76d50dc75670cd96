namespace PvPatch.Tests.Ace.Exercise;

/// <summary>A small area that keeps every rule, and pieces to break it with.</summary>
internal static class TinyArea
{
    /// <summary>A lock, a counter, four cells and a second lock.</summary>
    public const string Data = """
            .type lock, @object
            .type counter, @object
        lock:    .long 0
            .size lock, 4
        other:   .long 0
        counter: .quad 0
            .size counter, 8
        cells:   .skip 16
        link:    .long 0
        """;

    /// <summary>Takes the lock.</summary>
    public const string Take = """
        1:  lock btsl $0, lock(%rip)
            jc 1b

        """;

    /// <summary>Seven instructions: counts, and returns the new value.</summary>
    public const string Inc = $"""
            entry ace_inc
        {Take}
            mov counter(%rip), %rax
            inc %rax
            mov %rax, counter(%rip)
            movl $0, lock(%rip)
            jmp *%r11

        """;

    /// <summary>Twelve instructions where it takes a cell, eleven where that is taken, four where there is none.</summary>
    public const string Claim = $"""
            entry ace_claim
            cmp $4, %edi
            jae 9f
            mov %edi, %eax
        {Take}
            lea cells(%rip), %r8
            cmpl $0, (%r8,%rax,4)
            jne 8f
            movl $1, (%r8,%rax,4)
            movl $0, lock(%rip)
            xor %eax, %eax
            jmp *%r11
        8:  movl $0, lock(%rip)
        9:  mov $-1, %eax
            jmp *%r11

        """;

    /// <summary>Gives a cell back.</summary>
    public const string Free = $"""
            entry ace_free
            and $3, %edi
        {Take}
            lea cells(%rip), %r8
            movl $0, (%r8,%rdi,4)
            movl $0, lock(%rip)
            jmp *%r11

        """;

    /// <summary>All three behind a jump table.</summary>
    public const string Good = $"""
            .globl __ace_table, __ace_table_end
        __ace_table:
            .irp entry, ace_inc, ace_claim, ace_free
            .byte 0xe9
            .long \entry - . - 4
            .balign 16, 0xcc
            .endr
        __ace_table_end:
        {Inc}
        {Claim}
        {Free}
        """;
}
