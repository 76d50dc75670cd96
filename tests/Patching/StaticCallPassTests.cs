using PvPatch.Kernel;
using PvPatch.Patching;
using PvPatch.Platforms;
using PvPatch.Sites;
using PvPatch.Tests.Tools;

namespace PvPatch.Tests.Patching;

/// <summary>__static_call_transform, Linux 6.1: each form with a function, __static_call_return0, and none.</summary>
public sealed class StaticCallPassTests
{
    private const ulong Address = 0xffffffff81000100;
    private const string Tick = "__SCK__mini_tick", Null = "__SCK__mini_null", ReturnZero = "__SCK__mini_ret0";

    private static readonly byte[] Call = Code.Branch(Address, MiniKernel.Symbols["__SCT__mini_tick"], 0xe8);
    private static readonly byte[] Jump = Code.Branch(Address, MiniKernel.Symbols["__SCT__mini_tick"], 0xe9);
    private static readonly byte[] Conditional = Code.Branch(Address, MiniKernel.Symbols["__SCT__mini_tick"], 0x0f, 0x8d);

    [Fact]
    public void AFunctionIsCalledOrJumpedToDirectly()
    {
        ulong function = MiniKernel.Symbols["mini_tick_default"];
        Assert.Equal(Code.Branch(Address, function, 0xe8), Patched(Tick, Call));
        Assert.Equal(Code.Branch(Address, function, 0xe9), Patched(Tick, Jump));
        Assert.Equal(Code.Branch(Address, function, 0x0f, 0x8d), Patched(Tick, Conditional));
    }

    [Fact]
    public void NoFunctionIsANopOrAReturn()
    {
        Assert.Equal(Code.Bytes("0f1f440000"), Patched(Null, Call));
        Assert.Equal(Code.Bytes("c3cccccccc"), Patched(Null, Jump));
        Assert.Equal(Code.Branch(Address, MiniKernel.Symbols["__static_call_return"], 0x0f, 0x8d), Patched(Null, Conditional));
    }

    [Fact]
    public void ReturnZeroIsCsCsCsXorForACallOnly()
    {
        ulong function = MiniKernel.Symbols["__static_call_return0"];
        Assert.Equal(Code.Bytes("2e 2e 2e 31 c0"), Patched(ReturnZero, Call));
        Assert.Equal(Code.Branch(Address, function, 0xe9), Patched(ReturnZero, Jump));
        Assert.Equal(Code.Branch(Address, function, 0x0f, 0x8d), Patched(ReturnZero, Conditional));
    }

    [Fact]
    public void AtBootNoReturnThunkIsKnownYet()
    {
        // static_call_init runs before the mitigations are chosen: RETHUNK does not matter.
        CpuProfile thunk = MiniKernel.With("RETHUNK") with { ReturnThunk = "srso_return_thunk" };
        Assert.Equal(Code.Bytes("c3cccccccc"), Patched(Null, Jump, thunk));
        Assert.Equal(Code.Branch(Address, MiniKernel.Symbols["__static_call_return"], 0x0f, 0x8d), Patched(Null, Conditional, thunk));
    }

    [Fact]
    public void ACallEmptiedLaterReturnsThroughTheThunk()
    {
        CpuProfile late = MiniKernel.With("RETHUNK") with
        {
            ReturnThunk = "srso_return_thunk",
            StaticCalls = new Dictionary<string, string> { [Tick] = string.Empty },
            LateStaticCalls = [Tick],
        };
        Assert.Equal(Code.Bytes("0f1f440000"), Patched(Tick, Call, late));
        Assert.Equal(Code.Branch(Address, MiniKernel.Symbols["srso_return_thunk"], 0xe9), Patched(Tick, Jump, late));

        // The conditional jump goes to what the compiler would name, not to the variable's thunk.
        Assert.Equal(Code.Branch(Address, MiniKernel.Symbols["__x86_return_thunk"], 0x0f, 0x8d), Patched(Tick, Conditional, late));
        Assert.Equal(Code.Bytes("c3cccccccc"), Patched(Tick, Jump, late with { Features = [] }));
        Assert.Equal(
            Code.Branch(Address, MiniKernel.Symbols["__static_call_return"], 0x0f, 0x8d),
            Patched(Tick, Conditional, late with { Features = [] }));
    }

    [Fact]
    public void AProfilesFunctionReplacesTheImages()
    {
        CpuProfile changed = MiniKernel.With() with
        {
            StaticCalls = new Dictionary<string, string> { [Tick] = "mini_tick_fast", [Null] = "__static_call_return0" },
        };
        Assert.Equal(Code.Branch(Address, MiniKernel.Symbols["mini_tick_fast"], 0xe8), Patched(Tick, Call, changed));
        Assert.Equal(Code.Bytes("2e 2e 2e 31 c0"), Patched(Null, Call, changed));
    }

    [Fact]
    public void OutsideOfTheCoreTheImagesFunctionStays()
    {
        CpuProfile changed = MiniKernel.With() with { StaticCalls = new Dictionary<string, string> { [Tick] = "mini_tick_fast" } };
        Assert.Equal(
            Code.Branch(Address, MiniKernel.Symbols["mini_tick_default"], 0xe8), Patched(Tick, Call, changed, initial: true));
    }

    [Fact]
    public void ATrampolineChangesOnlyWithItsKey()
    {
        byte[] trampoline = Code.Branch(Address, MiniKernel.Symbols["mini_tick_default"], 0xe9);
        CpuProfile changed = MiniKernel.With() with { StaticCalls = new Dictionary<string, string> { [Tick] = "mini_tick_fast" } };
        Assert.Null(Patched(Tick, trampoline, trampoline: true));
        Assert.Null(Patched(Null, trampoline, trampoline: true));
        Assert.Equal(
            Code.Branch(Address, MiniKernel.Symbols["mini_tick_fast"], 0xe9), Patched(Tick, trampoline, changed, trampoline: true));
    }

    private static byte[]? Patched(
        string key, byte[] text, CpuProfile? profile = null, bool initial = false, bool trampoline = false)
    {
        using var mini = new MiniKernel();
        var site = new StaticCallSite(
            new Site(Address, text.Length, SiteKind.StaticCall, 0), MiniKernel.Symbols[key], text[0] != 0xe8, trampoline);
        byte[] output = new byte[255];
        return StaticCallPass.Compute(site, mini.MakeTarget(profile ?? MiniKernel.With()), initial, text, output) == PatchReason.None
            ? null
            : output[..text.Length];
    }
}
