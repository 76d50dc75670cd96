using PvPatch.Tests.Tools;
using PvPatch.X86;

namespace PvPatch.Tests.X86;

/// <summary>Five-byte branches: the distance counts from the instruction's end (Intel SDM, CALL, JMP).</summary>
public sealed class BranchTests
{
    [Theory]
    [InlineData(0x1000, 0x1005, "e8 00000000")]
    [InlineData(0x1000, 0x1000, "e8 fbffffff")]
    [InlineData(0x1000, 0x2005, "e8 00100000")]
    [InlineData(0xffffffff81000010, 0xffffffff81000000, "e8 ebffffff")]
    public void DistancesCountFromTheEnd(ulong address, ulong target, string bytes)
    {
        byte[] code = new byte[5];
        Branch.Write(code, Branch.Call, address, target);
        Assert.Equal(Code.Bytes(bytes), code);
        Assert.Equal(target, Branch.Target(code, address));
    }
}
