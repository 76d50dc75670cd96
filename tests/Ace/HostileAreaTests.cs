using System.Diagnostics;
using PvPatch.Ace;
using PvPatch.Elf;

namespace PvPatch.Tests.Ace;

/// <summary>Areas that nobody would write: no crash, no hang, and no proof of what is not so.</summary>
public sealed class HostileAreaTests
{
    [Fact]
    public void EmptyAreaIsNone() => Assert.Equal("PV2001", AceBuilder.Ids(Verify([], [])));

    [Fact]
    public void AreaWithoutEntryIsNone() => Assert.Equal("PV2001", AceBuilder.Ids(Verify(Fill(4096), [])));

    [Fact]
    public void DataIsNoArea()
    {
        AceReport report = AceBuilder.VerifyWhole(AceBuilder.Source(
            AceBuilder.Entry("nop"), (".section .ace, \"ax\"", ".section .ace, \"aw\""), (".section .ace\n", ".section .ace, \"aw\"\n")));
        Assert.Contains(report.Findings, f => f.Rule == AceRules.Permissions);
    }

    [Fact]
    public void OverlappingSymbolsAreFound()
    {
        byte[] code = Fill(4096);
        byte[] exit = [0x90, 0x90, 0x90, 0x41, 0xff, 0xe3];
        exit.CopyTo(code, 0);
        Assert.Equal("PV2004", AceBuilder.Ids(Verify(code, [("ace_a", 0, 5), ("ace_b", 1, 5)])));
        Assert.Equal(string.Empty, AceBuilder.Ids(Verify(code, [("ace_a", 0, 6), ("ace_alias", 0, 6)])));
    }

    [Fact]
    public void JumpTableIntoAnInstructionIsFound()
    {
        byte[] code = Fill(4096);
        byte[] slot = [0xe9, 12, 0, 0, 0], routine = [0xb8, 1, 2, 3, 4, 0x41, 0xff, 0xe3];
        slot.CopyTo(code, 0);
        routine.CopyTo(code, 16);
        Assert.Equal("PV2006", AceBuilder.Ids(Verify(code, [("ace_a", 16, 8)], 1))); // to 17, behind the mov's opcode
        code[1] = 11;
        Assert.Equal(string.Empty, AceBuilder.Ids(Verify(code, [("ace_a", 16, 8)], 1)));
    }

    [Fact]
    public void AreaOutsideOfTheFileIsNone()
    {
        using ElfFile file = AceElf.Read(Fill(4096), [("ace_a", 0, 1)]);
        AceReport? report = AceVerifier.Verify(file, new AceOptions { Area = new AddressRange(0x700000, 0x701000) });
        Assert.Equal("PV2001", AceBuilder.Ids(report!));
    }

    [Fact]
    public void BoundsThatCrossAreRefused()
    {
        using ElfFile file = AceElf.Read(Fill(4096), []);
        Assert.Throws<MalformedImageException>(() => AceVerifier.Verify(file, new AceOptions { Area = new AddressRange(2, 1) }));
        Assert.Throws<MalformedImageException>(() => AceVerifier.Verify(file, new AceOptions { Entries = ["no_such_symbol"] }));
    }

    [Fact]
    public void HugeAreaOfBranchesEnds()
    {
        // Every byte pair is a branch back: as many loops as instructions.
        byte[] code = new byte[1 << 20];
        for (int i = 0; i < code.Length; i += 2) (code[i], code[i + 1]) = (0x75, (byte)(0x80 + (i % 100)));
        var time = Stopwatch.StartNew();
        AceReport report = Verify(code, [("ace_a", 4096, 0), ("ace_b", 8000, 0), ("ace_c", 60000, 0)]);
        Assert.Contains(report.Findings, f => f.Rule == AceRules.TooComplex);
        Assert.All(report.Entries, e => Assert.Null(e.WorstCase));
        Assert.True(time.Elapsed < TimeSpan.FromSeconds(60), $"it took {time.Elapsed}");
    }

    [Fact]
    public void TenThousandRandomAreasEnd()
    {
        int clean = 0;
        Parallel.For(0, 10_000, seed =>
        {
            var random = new Random(seed);
            (byte[] code, var functions, int slots) = seed % 4 == 0 ? RandomArea.Noise(random) : RandomArea.Routines(random);
            AceReport report = Verify(code, functions, slots);
            Assert.All(report.Entries, e => Assert.True(e.Boundaries.Count <= code.Length));
            if (report.Findings.Count != 0) return;
            Interlocked.Increment(ref clean);
            Assert.All(report.Entries, e => Assert.NotNull(e.WorstCase));
        });
        Assert.InRange(clean, 1, 5000); // the generator makes some that hold, and more that do not
    }

    private static AceReport Verify(byte[] code, IReadOnlyList<(string, ulong, ulong)> functions, int slots = 0)
    {
        using ElfFile file = AceElf.Read(code, functions, slots);
        return AceVerifier.Verify(file, new AceOptions())!;
    }

    private static byte[] Fill(int length)
    {
        byte[] code = new byte[length];
        Array.Fill(code, (byte)0xcc);
        return code;
    }
}
