using PvPatch.Patching;
using PvPatch.Tests.Tools;

namespace PvPatch.Tests.Patching;

/// <summary>optimize_nops, 5.13 to 6.4: runs of two or more 90s that are instructions of their own.</summary>
public sealed class NopOptimizerTests
{
    [Theory]
    [InlineData("90 90 90", "0f1f00")]
    [InlineData("90", "90")]                                            // one is as good as it gets
    [InlineData("31c0 90", "31c0 90")]
    [InlineData("90 31c0", "90 31c0")]
    [InlineData("90 31c0 90 90", "90 31c0 6690")]                       // a single one does not end the search
    [InlineData("90 90 31c0 90", "6690 31c0 90")]
    [InlineData("31c0 90 90 31c0 90 90 90", "31c0 6690 31c0 0f1f00")]   // runs in the middle and at the end
    [InlineData("b8 90909090 90 90", "b8 90909090 6690")]               // in an immediate they are no NOPs
    [InlineData("b8 90909090", "b8 90909090")]
    [InlineData("f3 90 90 90", "f390 6690")]                            // pause is none either, and not part of the run
    [InlineData("90 90 f3 90 90 90 90", "6690 f390 0f1f00")]
    [InlineData("66 90 90 90", "6690 6690")]                            // nor is the two-byte NOP
    [InlineData("9090909090909090 9090 90", "0f1f840000000000 0f1f00")] // longer than eight
    [InlineData("9090909090909090 90", "0f1f840000000000 90")]
    [InlineData("c3 cc 90 90", "c3 cc 6690")]
    [InlineData("90 90 06 90 90", "6690 06 9090")]                      // stops at what does not decode (06: none in 64 bits)
    [InlineData("b8 9090", "b8 9090")]                                  // cut short
    [InlineData("", "")]
    public void RunsBecomeLongNops(string before, string after)
    {
        byte[] code = Code.Bytes(before);
        bool changed = NopOptimizer.Optimize(code);
        Assert.Equal(Code.Hex(Code.Bytes(after)), Code.Hex(code));
        Assert.Equal(!Code.Bytes(before).SequenceEqual(code), changed);
    }
}
