using PvPatch.Ace.Exercise;

namespace PvPatch.Tests.Ace.Exercise;

/// <summary>Areas that keep the rules pass, and what was tried is what a hand count over the listing says.</summary>
public sealed class GoodAreaTests
{
    [Fact]
    public void CountsEveryBoundaryOfEveryPath()
    {
        using AceSample sample = AceSample.Assemble(TinyArea.Good);
        ExerciseResult result = AceExerciser.Run(sample.Image, sample.Area, ExerciseOptions.Default);
        Assert.Null(result.Failure);
        Assert.Null(result.Bound);

        // One more each for the slot's jump. ace_claim: free 12, taken 11, out of range 4.
        Assert.Equal(["ace_inc", "ace_claim", "ace_free"], result.Entries.Select(e => e.Entry.Name));
        Assert.Equal([7 + 1, 12 + 11 + 4 + 1, 7 + 1], result.Entries.Select(e => e.Boundaries));
        Assert.All(result.Entries, e => Assert.True(e.Interruptions > 0 && e.Interleavings > 0));
    }

    [Fact]
    public void CountsInterruptsAndInterleavingsOfOneEntry()
    {
        using AceSample sample = AceSample.Assemble(TinyArea.Inc);
        ExerciseResult result = AceExerciser.Run(sample.Image, sample.Area, ExerciseOptions.Default);
        EntryExercise only = Assert.Single(result.Entries);
        Assert.Null(result.Failure);
        Assert.Equal(1, result.SetupStates);
        Assert.Equal(7, only.Boundaries);

        // Single: before each of 7 instructions. Nested: the second at or behind the first, 7 + 6 + … + 1. One handler.
        Assert.Equal(7 + 28, only.Interruptions);

        // cpu0 stops after 1 to 6 instructions. After 1 to 5 it has the lock: cpu1 stops after its first bts or jc, or is
        // interrupted at its beginning or there. After 6 it has not: cpu1 stops after 1 to 6, or is interrupted after 0 to 6.
        Assert.Equal(6 + (5 * (2 + 3)) + 6 + 7, only.Interleavings);
    }

    [Fact]
    public void CountsLoopIterationsApart()
    {
        using AceSample sample = AceSample.Assemble("""
                entry ace_loop
                mov $3, %ecx
                xor %eax, %eax
            1:  add %ecx, %eax
                dec %ecx
                jnz 1b
                jmp *%r11
            """);
        ExerciseResult result = AceExerciser.Run(sample.Image, sample.Area, ExerciseOptions.Default);
        Assert.Null(result.Failure);
        Assert.Equal(2 + (3 * 3) + 1, result.Boundaries);
    }

    [Fact]
    public void FindsEmptyPartlyFilledAndFull()
    {
        // Five different paths need a stack of three that is empty, holds one, and is full; only other calls lead there.
        using AceSample sample = AceSample.Assemble($"""
                entry ace_push
            {TinyArea.Take}
                mov counter(%rip), %rax
                cmp $100, %rax
                jae 2f
                incq counter(%rip)
                movl $0, lock(%rip)
                jmp *%r11
            2:  movl $0, lock(%rip)
                mov $-1, %rax
                jmp *%r11
                entry ace_pop
            {TinyArea.Take}
                mov counter(%rip), %rax
                sub $1, %rax
                jc 2f
                jz 3f
                mov %rax, counter(%rip)
            3:  mov %rax, counter(%rip)
            2:  movl $0, lock(%rip)
                jmp *%r11
            """);
        ExerciseResult result = AceExerciser.Run(sample.Image, sample.Area, ExerciseOptions.Default with { HostileData = false });
        Assert.Null(result.Failure);
        Assert.Equal([8 + 8, 7 + 9 + 10], result.Entries.Select(e => e.Boundaries));
    }

    [Fact]
    public void TellsTheSameTwice()
    {
        using AceSample sample = AceSample.Assemble(TinyArea.Good);
        ExerciseResult first = AceExerciser.Run(sample.Image, sample.Area, ExerciseOptions.Default);
        ExerciseResult second = AceExerciser.Run(sample.Image, sample.Area, ExerciseOptions.Default);
        Assert.Equal(first.Entries, second.Entries);
        Assert.Equal(first.Instructions, second.Instructions);
    }

    [Fact]
    public void NeedsFlagsThatTheHandlerGivesBack()
    {
        using AceSample sample = AceSample.Assemble(TinyArea.Good);
        ExerciseFailure? failure = AceExerciser.Run(sample.Image, sample.Area, ExerciseOptions.Default with { ClobberFlags = true }).Failure;
        Assert.NotNull(failure);
        Assert.Contains(failure.Schedule, s => s.StartsWith("interrupt before", StringComparison.Ordinal));
    }

    [Fact]
    public void SaysWhenABoundEndedTheSearch()
    {
        using AceSample sample = AceSample.Assemble(TinyArea.Good);
        ExerciseResult result = AceExerciser.Run(sample.Image, sample.Area, ExerciseOptions.Default with { Interleavings = 100 });
        Assert.Equal("100 interleavings", result.Bound);
        Assert.Null(result.Failure);
        Assert.Contains("machine states", AceExerciser.Run(sample.Image, sample.Area, ExerciseOptions.Default with { MachineStates = 500 }).Bound, StringComparison.Ordinal);
    }
}
