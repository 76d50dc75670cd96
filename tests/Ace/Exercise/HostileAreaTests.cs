using PvPatch.Ace;
using PvPatch.Ace.Exercise;
using PvPatch.Ace.Exercise.Native;
using PvPatch.Elf;

namespace PvPatch.Tests.Ace.Exercise;

/// <summary>Areas that make no sense, and random ones: a result or one clear exception, in bounded time.</summary>
public sealed class HostileAreaTests
{
    private static readonly ExerciseOptions Small = new() { StepBound = 200, ArgumentSets = 4, SetupStates = 3, Interleavings = 20_000, MachineStates = 20_000 };

    [Fact]
    public void SaysWhichPackageIsMissing()
    {
        var error = Assert.Throws<ExerciseException>(() => UnicornLibrary.Load("libnosuchunicorn.so.2"));
        Assert.Contains("apt-get install libunicorn2", error.Message, StringComparison.Ordinal);
        Assert.Throws<ExerciseException>(() => UnicornLibrary.Load("libc.so.6"));
    }

    [Fact]
    public void RefusesWhatCannotBeLaidOut()
    {
        using AceSample sample = AceSample.Assemble(TinyArea.Good);
        AceArea area = sample.Area;
        AceArea[] bad =
        [
            area with { End = area.Start },
            area with { DataEnd = area.DataStart - 1 },
            area with { DataStart = area.Start, DataEnd = area.End },
            area with { End = area.Start + (1ul << 40) },
            area with { DataStart = ulong.MaxValue - 8, DataEnd = ulong.MaxValue },
            area with { Entries = [new AceEntry("ace_far", area.DataStart)] },
        ];
        foreach (AceArea one in bad)
            Assert.Equal(ExerciseFailureKind.Layout, AceExerciser.Run(sample.Image, one, ExerciseOptions.Default).Failure?.Kind);
    }

    [Fact]
    public void RunsWithoutEntriesOrData()
    {
        using AceSample sample = AceSample.Assemble(TinyArea.Good);
        Assert.Null(AceExerciser.Run(sample.Image, sample.Area with { Entries = [], TableStart = 0, TableEnd = 0 }, Small).Failure);
        Assert.Equal(ExerciseFailureKind.Fault, AceExerciser.Run(sample.Image, sample.Area with { DataStart = 0, DataEnd = 0 }, Small).Failure?.Kind);
    }

    [Fact]
    public void NeedsAddressesButNoSegments()
    {
        using AceSample sample = AceSample.Assemble(TinyArea.Good);
        byte[] bytes = sample.Image.Source.Slice(0, (ulong)sample.Image.Source.Length, "image").ToArray();
        bytes[56] = bytes[57] = 0; // e_phnum
        using (ElfFile laidOut = ElfFile.Read(ByteSource.FromBytes((byte[])bytes.Clone())))
            Assert.Null(AceExerciser.Run(laidOut, sample.Area, Small).Failure);
        bytes[16] = 1; // ET_REL
        using ElfFile unlinked = ElfFile.Read(ByteSource.FromBytes(bytes));
        Assert.Contains("link it", Assert.Throws<ExerciseException>(() => AceExerciser.Run(unlinked, sample.Area, Small)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RunsAtKernelAddresses()
    {
        var code = new byte[4096];
        byte[] increment = [0x48, 0xff, 0x05, 0xf9, 0x0f, 0x00, 0x00, 0x41, 0xff, 0xe3]; // incq 0xff9(%rip); jmp *%r11
        increment.CopyTo(code, 0);
        using ElfFile image = RawImage.Of(0xffffffff81e00000, code);
        var area = new AceArea(0xffffffff81e00000, 0xffffffff81e01000, 0xffffffff81e01000, 0xffffffff81e02000, 0, 0, [new AceEntry("ace_inc", 0xffffffff81e00000)]);
        Assert.Equal(ExerciseFailureKind.NotAtomic, AceExerciser.Run(image, area, ExerciseOptions.Default).Failure?.Kind);
    }

    [Fact]
    public void SurvivesRandomBytes()
    {
        var random = new Random(20_070_429);
        for (int i = 0; i < 500; i++)
        {
            var code = new byte[4096];
            random.NextBytes(code);
            Exercise(code, random);
        }
    }

    [Fact]
    public void SurvivesRandomInstructions()
    {
        // Pieces of real routines in any order reach further than bytes: loops, locks, faults and ways out all occur.
        byte[][] pieces =
        [
            [0x41, 0xff, 0xe3], [0xf0, 0x0f, 0xba, 0x2d, 0xf7, 0x0f, 0, 0, 0], [0x72, 0xf5], [0x48, 0xff, 0xc0], [0xff, 0xc9],
            [0xc7, 0x05, 0xf6, 0x0f, 0, 0, 0, 0, 0, 0], [0x75, 0x02], [0x73, 0x05], [0xeb, 0xfa], [0x48, 0x87, 0x05, 0xf9, 0x0f, 0, 0],
            [0x48, 0x8b, 0x05, 0x01, 0x10, 0, 0], [0x48, 0x89, 0x05, 0x01, 0x10, 0, 0], [0x83, 0xe7, 0x07], [0x89, 0xf8], [0xf3, 0xaa],
            [0x48, 0x8d, 0x3d, 0xf9, 0x10, 0, 0], [0x48, 0x89, 0x07], [0x8b, 0x07], [0xf7, 0xf1], [0x0f, 0xb1, 0x0f], [0x49, 0x87, 0xd3], [0xfd],
        ];
        var random = new Random(20_070_430);
        for (int i = 0; i < 500; i++)
        {
            var code = new byte[4096];
            Array.Fill<byte>(code, 0xcc);
            int at = 0;
            for (int n = random.Next(2, 24); n > 0; n--)
            {
                byte[] piece = pieces[random.Next(pieces.Length)];
                piece.CopyTo(code, at);
                at += piece.Length;
            }

            pieces[0].CopyTo(code, at);
            Exercise(code, random);
        }
    }

    private static void Exercise(byte[] code, Random random)
    {
        const ulong start = 0x7ace00000000;
        using ElfFile image = RawImage.Of(start, code);
        var area = new AceArea(
            start, start + 4096, start + 4096, start + 8192, random.Next(4) == 0 ? start + 64 : 0, start + 128,
            [new AceEntry("ace_a", start), new AceEntry("ace_b", start + (ulong)random.Next(32))]);
        ExerciseResult result = AceExerciser.Run(image, area, Small);
        if (result.Failure is { } failure) Assert.NotEmpty(failure.Schedule);
    }
}
