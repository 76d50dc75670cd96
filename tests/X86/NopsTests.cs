using PvPatch.Tests.Tools;
using PvPatch.X86;

namespace PvPatch.Tests.X86;

/// <summary>The NOPs that a 64-bit kernel writes: x86_nops since 5.13, which is the P6 list.</summary>
public sealed class NopsTests
{
    [Theory]
    [InlineData(1, "90")]
    [InlineData(2, "66 90")]
    [InlineData(3, "0f 1f 00")]
    [InlineData(4, "0f 1f 40 00")]
    [InlineData(5, "0f 1f 44 00 00")]
    [InlineData(6, "66 0f 1f 44 00 00")]
    [InlineData(7, "0f 1f 80 00000000")]
    [InlineData(8, "0f 1f 84 00 00000000")]
    public void EachLengthHasItsNop(int length, string bytes) => Assert.Equal(Code.Bytes(bytes), Nops.Of(length));

    // add_nops up to 6.4: eight bytes at a time, then one NOP for the rest.
    [Theory]
    [InlineData(0, "")]
    [InlineData(3, "0f1f00")]
    [InlineData(8, "0f1f840000000000")]
    [InlineData(9, "0f1f840000000000 90")]
    [InlineData(11, "0f1f840000000000 0f1f00")]
    [InlineData(16, "0f1f840000000000 0f1f840000000000")]
    [InlineData(21, "0f1f840000000000 0f1f840000000000 0f1f440000")]
    public void RangesAreFilledWithEightsAndARest(int length, string bytes)
    {
        byte[] range = new byte[length];
        Nops.Fill(range);
        Assert.Equal(Code.Bytes(bytes), range);
    }

    [Fact]
    public void ObjdumpCallsEachOfThemOneNop()
    {
        using var folder = new TempFolder();
        string lines = string.Join('\n', Enumerable.Range(1, 8).Select(n =>
            $".byte {string.Join(',', Nops.Of(n).ToArray())}\nmov $1, %eax"));
        string code = Binutils.Assemble(folder, "nops", lines, "--64");
        string[] mnemonics = [.. Binutils.Run("objdump", "-d", "--no-show-raw-insn", code).Split('\n')
            .Where(l => l.Contains(":\t", StringComparison.Ordinal))
            .Select(l => l.Split('\t')[1].Split(' ')[0])];
        Assert.Equal(16, mnemonics.Length); // each NOP one instruction, and the mov behind it intact
        for (int i = 0; i < mnemonics.Length; i += 2) Assert.Contains(mnemonics[i], (string[])["nop", "nopl", "nopw", "xchg"]);
        for (int i = 1; i < mnemonics.Length; i += 2) Assert.Equal("mov", mnemonics[i]);
    }
}
