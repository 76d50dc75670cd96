using PvPatch.Tests.Tools;
using PvPatch.X86;

namespace PvPatch.Tests.X86;

/// <summary>Where instructions begin, and which branches touch what is watched.</summary>
public sealed class TextScanTests
{
    private const ulong Base = 0xffffffff81000000;

    [Fact]
    public void BoundariesAreWhereInstructionsBegin()
    {
        // mov $1,%eax; nop; ret; call next
        Assert.Equal([0, 5, 6, 7], Boundaries("b8 01000000 90 c3 e8 00000000"));
    }

    // XEN_EMULATE_PREFIX and KVM_EMULATE_PREFIX: ud2 and three letters, then the instruction that is asked for.
    [Theory]
    [InlineData("78 65 6e")] // xen
    [InlineData("6b 76 6d")] // kvm
    public void TheLettersOfAnEmulatePrefixAreNoInstructions(string letters)
    {
        // ud2, letters, cpuid, ret
        Assert.Equal([0, 5, 7], Boundaries($"0f 0b {letters} 0f a2 c3"));
    }

    [Fact]
    public void APlainUd2IsFollowedByInstructions()
    {
        // ud2, then 78 65: js; 90
        Assert.Equal([0, 2, 4], Boundaries("0f 0b 78 65 90"));
        Assert.Equal([0, 2], Boundaries("0f 0b 90"));
    }

    [Fact]
    public void DecodingBeginsAnewAtEveryStart()
    {
        // Five bytes of data that begin like mov $imm,%eax, cut off by a function at +3.
        Assert.Equal([0, 3, 4], Boundaries("b8 00 00 90 c3", 0, 3, 5));
    }

    [Fact]
    public void BranchesFromAndIntoWatchedBytesAreReported()
    {
        // +0 call +12 (watched target), +5 jmp +0 (watched source), +10 jne +0 (neither), +12 ret
        byte[] code = Code.Bytes("e8 07000000 e9 f6ffffff 75 f4 c3");
        byte[] flags = new byte[code.Length];
        flags[12] = flags[5] = TextScan.Watched;
        var branches = new List<DirectBranch>();
        TextScan.Decode(code, flags, Base, [0, code.Length], branches);
        Assert.Equal([new DirectBranch(Base, Base + 12, true), new DirectBranch(Base + 5, Base, false)], branches);
        Assert.Equal(TextScan.Watched | TextScan.Boundary, flags[12]);
    }

    [Fact]
    public void BranchesOutOfTheSectionAreNoMatch()
    {
        byte[] code = Code.Bytes("e8 00100000 e8 00f0ffff");
        var branches = new List<DirectBranch>();
        TextScan.Decode(code, new byte[code.Length], Base, [0, code.Length], branches);
        Assert.Empty(branches);
    }

    private static int[] Boundaries(string hex, params int[] starts)
    {
        byte[] code = Code.Bytes(hex);
        byte[] flags = new byte[code.Length];
        TextScan.Decode(code, flags, Base, starts.Length == 0 ? [0, code.Length] : starts, []);
        return [.. Enumerable.Range(0, flags.Length).Where(i => (flags[i] & TextScan.Boundary) != 0)];
    }
}
