using PvPatch.Ace.Exercise;

namespace PvPatch.Tests.Ace.Exercise;

/// <summary>Branches are followed outside of the emulator: they must go where its own setcc says, and loops as often as counted.</summary>
public sealed class BranchesTests
{
    [Fact]
    public void ConditionsAreThoseOfTheEmulator()
    {
        using AceSample sample = AceSample.Assemble("""
                .macro check operation
                .irp cc, o, no, b, ae, e, ne, be, a, s, ns, p, np, l, ge, le, g
                mov %rdi, %rdx
                \operation %rsi, %rdx
                set\cc %al
                j\cc 1f
                test %al, %al
                jnz 9f
                jmp 2f
            1:  test %al, %al
                jz 9f
            2:
                .endr
                .endm
                entry ace_x
                check cmp
                shl $62, %rdi
                shl $61, %rsi
                check sub
                check add
                jmp *%r11
            9:  ud2
            """);
        ExerciseResult result = AceExerciser.Run(sample.Image, sample.Area, ExerciseOptions.Default with { ArgumentSets = 64, NestedPairs = 1, Interleavings = 1000 });
        Assert.True(result.Failure is null, $"{result.Failure?.Message}");
        Assert.True(result.Entries[0].Boundaries > 5000);
    }

    [Fact]
    public void LoopsTurnAsOftenAsTheyShould()
    {
        using AceSample sample = AceSample.Assemble("""
                entry ace_x
                mov $3, %ecx
                xor %eax, %eax
            1:  inc %eax
                loop 1b
                mov $5, %ecx
            2:  inc %eax
                cmp $6, %eax
                loopne 2b
                cmp $2, %ecx
                jne 9f
                mov $4, %ecx
            3:  cmp %eax, %eax
                loope 3b
                jrcxz 4f
                ud2
            4:  movabs $0x100000000, %rcx
                jrcxz 9f
                jecxz 5f
                ud2
            5:  movabs $0x100000002, %rcx
            6:  addr32 loop 6b
                jrcxz 7f
            9:  ud2
            7:  jmp *%r11
            """);
        ExerciseResult result = AceExerciser.Run(sample.Image, sample.Area, ExerciseOptions.Default);
        Assert.True(result.Failure is null, $"{result.Failure?.Message}");

        // 2 + 3·2, 1 + 3·3, 2, 1 + 4·2 + 1, 3, 1 + 2 + 1 + 1
        Assert.Equal(8 + 10 + 2 + 10 + 3 + 5, result.Boundaries);
    }
}
