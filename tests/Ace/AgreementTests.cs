using PvPatch.Ace;
using PvPatch.Ace.Exercise;
using PvPatch.Elf;

namespace PvPatch.Tests.Ace;

/// <summary>What is proved is what happens: no area is found sound that fails when it is run.</summary>
public sealed class AgreementTests
{
    private static readonly ExerciseOptions Short = ExerciseOptions.Default with
    {
        ArgumentSets = 8,
        SetupStates = 3,
        NestedPairs = 64,
        Interruptions = 20_000,
        Interleavings = 20_000,
        MachineStates = 20_000,
    };

    /// <summary>Everything of 10,000 random areas that <c>verify-ace</c> finds nothing in is run; a tenth of it in a short run.</summary>
    [Fact]
    public void NoRandomAreaIsVerifiedAndFails()
    {
        int areas = Environment.GetEnvironmentVariable("PVPATCH_FULL") is null ? 1_000 : 10_000, sound = 0;
        Parallel.For(0, areas, seed =>
        {
            var random = new Random(seed);
            (byte[] code, var functions, int slots) = seed % 4 == 0 ? RandomArea.Noise(random) : RandomArea.Routines(random);
            using ElfFile file = AceElf.Read(code, functions, slots);
            AceReport report = AceVerifier.Verify(file, new AceOptions())!;
            if (report.Findings.Count != 0) return;
            Interlocked.Increment(ref sound);
            ExerciseFailure? failure = AceExerciser.Run(file, report.Area, Short).Failure;
            Assert.True(failure is null, $"area {seed} is verified, but {failure?.Kind}: {failure?.Message}\n{string.Join('\n', failure?.Schedule ?? [])}");
        });
        Assert.NotEqual(0, sound);
    }
}
