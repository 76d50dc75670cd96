using PvPatch.Tests.Tools;
using PvPatch.X86;

namespace PvPatch.Tests.X86;

/// <summary>Instructions as text, against objdump.</summary>
public sealed class DisassemblerTests
{
    [Theory]
    [InlineData("f0 ff 07", "lock incl (%rdi)")]
    [InlineData("48 89 f8", "mov %rdi,%rax")]
    [InlineData("b8 01 00 00 00", "mov $0x1,%eax")]
    [InlineData("0f ae e8 ff d0", "lfence; call *%rax")]
    [InlineData("c3 cc cc cc cc", "ret; int3; int3; int3; int3")]
    [InlineData("90", "nop")]
    [InlineData("66 90", "nop2")]
    [InlineData("0f 1f 84 00 00 00 00 00 0f 1f 00", "nop8; nop3")]
    [InlineData("f3 90", "pause")]
    [InlineData("06 07", "(bad) 0607")] // push %es is none in 64 bits
    [InlineData("90 06", "nop; (bad) 06")]
    [InlineData("f0", "lock")] // a lock site: objdump shows lone prefixes so
    [InlineData("3e", "ds")]
    [InlineData("", "")]
    public void InstructionsAreAttSyntax(string code, string expected)
    {
        using var mini = new MiniKernel();
        Assert.Equal(expected, new Disassembler(mini.Image.Symbols).Format(Code.Bytes(code), 0xffffffff81000000));
    }

    [Fact]
    public void BranchTargetsAndMemoryAreNamedBySymbol()
    {
        using var mini = new MiniKernel();
        var disassembler = new Disassembler(mini.Image.Symbols);
        ulong memcpy = MiniKernel.Symbols["memcpy"];
        Assert.Equal("call memcpy", disassembler.Format(Code.Branch(0xffffffff81000100, memcpy, 0xe8), 0xffffffff81000100));
        Assert.Equal("jne memcpy+0x3", disassembler.Format(Code.Branch(0xffffffff81000100, memcpy + 3, 0x0f, 0x85), 0xffffffff81000100));
        Assert.Equal("callq *pv_ops+0x8(%rip)", disassembler.Format(
            Code.Branch(0xffffffff81000100, MiniKernel.Symbols["pv_ops"] + 8, 0xff, 0x15), 0xffffffff81000100));
    }
}
