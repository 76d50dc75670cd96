using PvPatch.Kernel;
using PvPatch.Patching;
using PvPatch.Platforms;
using PvPatch.Sites;
using PvPatch.Tests.Tools;

namespace PvPatch.Tests.Patching;

/// <summary>patch_retpoline, Linux 6.1, for each register and form.</summary>
public sealed class RetpolinePassTests
{
    private const ulong Address = 0xffffffff81000100;

    private static readonly string[] Registers =
        ["rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"];

    /// <summary>Every register but %rsp, whose thunk nobody may call.</summary>
    public static TheoryData<int> Numbers => [.. Enumerable.Range(0, 16).Where(n => n != 4)];

    [Theory]
    [MemberData(nameof(Numbers))]
    public void WithoutRetpolinesACallIsIndirect(int register)
    {
        byte[] call = Indirect(0xd0, register);
        Assert.Equal(call.Length == 2 ? [.. call, 0x0f, 0x1f, 0x00] : [.. call, 0x66, 0x90], Patched(register, [0xe8]));
        Assert.Equal(
            call.Length == 2 ? [.. call, 0x0f, 0x1f, 0x40, 0x00] : [.. call, 0x0f, 0x1f, 0x00], Patched(register, [0x2e, 0xe8]));
    }

    [Theory]
    [MemberData(nameof(Numbers))]
    public void WithoutRetpolinesAJumpIsIndirectWithInt3Behind(int register)
    {
        byte[] jump = Indirect(0xe0, register);
        Assert.Equal(jump.Length == 2 ? [.. jump, 0xcc, 0x66, 0x90] : [.. jump, 0xcc, 0x90], Patched(register, [0xe9]));
        Assert.Equal(
            jump.Length == 2 ? [.. jump, 0xcc, 0x0f, 0x1f, 0x00] : [.. jump, 0xcc, 0x66, 0x90], Patched(register, [0x2e, 0xe9]));
    }

    [Theory]
    [MemberData(nameof(Numbers))]
    public void WithoutRetpolinesAConditionalJumpHopsOverTheIndirectOne(int register)
    {
        byte[] jump = Indirect(0xe0, register);
        for (byte condition = 0; condition < 16; condition++)
        {
            byte opposite = (byte)(0x70 | (condition ^ 1));
            byte[] expected = jump.Length == 2 ? [opposite, 4, .. jump, 0xcc, 0x90] : [opposite, 4, .. jump, 0xcc];
            Assert.Equal(expected, Patched(register, [0x0f, (byte)(0x80 | condition)]));
        }
    }

    [Theory]
    [MemberData(nameof(Numbers))]
    public void WithLfenceABranchIsFencedWhereThatFits(int register)
    {
        byte[] lfence = [0x0f, 0xae, 0xe8];
        byte[]? Fenced(params byte[] opcode) => Patched(register, opcode, "RETPOLINE", "RETPOLINE_LFENCE");
        byte[] call = Indirect(0xd0, register), jump = Indirect(0xe0, register);
        bool rex = register >= 8;

        // lfence and the branch: five bytes, or six with REX. A jump's INT3 is the first thing to go.
        Assert.Equal(rex ? null : [.. lfence, .. call], Fenced(0xe8));
        Assert.Equal(rex ? null : [.. lfence, .. jump], Fenced(0xe9));
        Assert.Equal(rex ? [.. lfence, .. call] : [.. lfence, .. call, 0x90], Fenced(0x2e, 0xe8));
        Assert.Equal(rex ? [.. lfence, .. jump] : [.. lfence, .. jump, 0xcc], Fenced(0x2e, 0xe9));
        Assert.Null(Fenced(0x0f, 0x84)); // with the hop seven bytes or eight
    }

    [Fact]
    public void RetpolinesAloneLeaveEverySite()
    {
        Assert.Null(Patched(0, [0xe8], "RETPOLINE"));
        Assert.Null(Patched(11, [0x2e, 0xe9], "RETPOLINE"));
        Assert.Null(Patched(11, [0x0f, 0x85], "RETPOLINE"));
    }

    [Fact]
    public void TheStackPointersThunkIsNoTarget() => Assert.Null(Patched(4, [0xe8]));

    [Theory]
    [InlineData(-32)]
    [InlineData(16 * 32)]
    [InlineData(33)]
    public void OtherTargetsAreLeft(long intoThunks)
    {
        using var mini = new MiniKernel();
        byte[] code = Code.Branch(Address, MiniKernel.Symbols["__x86_indirect_thunk_array"] + (ulong)intoThunks, 0xe8);
        Assert.Equal(
            PatchReason.None,
            RetpolinePass.Compute(new Site(Address, 5, SiteKind.Retpoline, 0), mini.MakeTarget(), code, new byte[255]));
    }

    [Theory]
    [InlineData("ff d0 0f 1f 00")]
    [InlineData("0f ae e8 ff d0")]
    public void WhatIsPatchedAlreadyIsLeft(string text)
    {
        using var mini = new MiniKernel();
        Assert.Equal(
            PatchReason.None,
            RetpolinePass.Compute(new Site(Address, 5, SiteKind.Retpoline, 0), mini.MakeTarget(), Code.Bytes(text), new byte[255]));
    }

    [Fact]
    public void ThunksAreWhereTheSymbolsOfTheRegistersAre()
    {
        // The arithmetic above counts 32 bytes a register; nm says the same.
        for (int i = 0; i < Registers.Length; i++)
            Assert.Equal(
                MiniKernel.Symbols["__x86_indirect_thunk_array"] + (ulong)(i * 32),
                MiniKernel.Symbols[$"__x86_indirect_thunk_{Registers[i]}"]);
    }

    private static byte[] Indirect(byte modrm, int register) =>
        register < 8 ? [0xff, (byte)(modrm + register)] : [0x41, 0xff, (byte)(modrm + register - 8)];

    /// <summary>The bytes that a branch to a register's thunk becomes; null where it is left alone.</summary>
    private static byte[]? Patched(int register, byte[] opcode, params string[] features)
    {
        using var mini = new MiniKernel();
        Target target = mini.MakeTarget(features);
        byte[] code = Code.Branch(Address, MiniKernel.Symbols[$"__x86_indirect_thunk_{Registers[register]}"], opcode);
        byte[] output = new byte[255];
        var site = new Site(Address, code.Length, SiteKind.Retpoline, 0);
        return RetpolinePass.Compute(site, target, code, output) == PatchReason.None ? null : output[..code.Length];
    }
}
