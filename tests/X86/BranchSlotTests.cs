using PvPatch.Tests.Tools;
using PvPatch.X86;

namespace PvPatch.Tests.X86;

/// <summary>Lengths of patchable branches, before and after the kernel patched them.</summary>
public sealed class BranchSlotTests
{
    // arch_jump_entry_size, Linux 6.1: the length of the jump or NOP that stands there.
    [Theory]
    [InlineData("eb 10 90 90 90", 2)]
    [InlineData("66 90 90 90 90", 2)]
    [InlineData("e9 00000000", 5)]
    [InlineData("0f 1f 44 00 00", 5)]
    [InlineData("e8 00000000", 0)]
    [InlineData("90 90 90 90 90", 0)]
    [InlineData("0f 1f 40 00 00", 0)]
    [InlineData("74 10 90 90 90", 0)]
    [InlineData("e9 00", 0)]
    [InlineData("eb", 0)]
    public void JumpLabelsAreTwoOrFiveBytes(string code, int length) =>
        Assert.Equal(length, BranchSlot.JumpLabelLength(Code.Bytes(code)));

    [Theory]
    [InlineData("0f 80", true)]
    [InlineData("0f 8f", true)]
    [InlineData("0f 7f", false)]
    [InlineData("0f 90", false)]
    [InlineData("e9 80", false)]
    [InlineData("0f", false)]
    public void ConditionalJumpsAre0F80To0F8F(string code, bool expected) =>
        Assert.Equal(expected, BranchSlot.IsConditionalJump(Code.Bytes(code)));

    // patch_retpoline, Linux 6.1, writes into the length of the instruction that the compiler left.
    [Theory]
    [InlineData("e8 00000000 cc", 5)]                 // call thunk
    [InlineData("e9 00000000 cc", 5)]                 // jmp thunk
    [InlineData("2e e8 00000000 cc", 6)]              // cs call thunk
    [InlineData("2e e9 00000000 cc", 6)]
    [InlineData("0f 85 00000000 cc", 6)]              // jcc thunk
    [InlineData("ff d0 0f 1f 00 e9", 5)]              // call *%rax, nop3
    [InlineData("ff d0 0f 1f 40 00", 6)]              // cs call: nop4
    [InlineData("41 ff d3 66 90 e9", 5)]              // call *%r11, nop2
    [InlineData("41 ff d3 0f 1f 00", 6)]              // cs call *%r11, nop3
    [InlineData("ff e2 cc 66 90 e9", 5)]              // jmp *%rdx, int3, nop2
    [InlineData("ff e2 cc 0f 1f 00", 6)]
    [InlineData("41 ff e4 cc 90 e9", 5)]
    [InlineData("41 ff e4 cc 66 90", 6)]
    [InlineData("0f ae e8 ff d0 e9", 5)]              // lfence, call *%rax
    [InlineData("0f ae e8 41 ff d3", 6)]              // lfence, call *%r11
    [InlineData("74 04 41 ff e3 cc", 6)]              // jcc over jmp *%r11, int3
    [InlineData("75 04 ff e0 cc 90", 6)]
    [InlineData("e8 00000000", 5)]                    // at a section's end
    public void RetpolinesAreFiveOrSixBytesWhateverStandsThere(string code, int length) =>
        Assert.Equal(length, BranchSlot.RetpolineLength(Code.Bytes(code)));
}
