using PvPatch.Elf;
using PvPatch.Images;
using PvPatch.Kernel;
using PvPatch.Platforms;
using PvPatch.Tests.Tools;

namespace PvPatch.Tests.Platforms;

/// <summary>Profiles read out of memory: what the test put there comes out by name, wherever the kernel lay.</summary>
public sealed class MemoryProfileTests
{
    private static readonly DumpAddress At = new(true, 0x1000000);

    [Theory]
    [InlineData(0, 0)]
    [InlineData(6, 2)]
    public void WhatTheMemoryHoldsIsNamed(int steps, int physicalSteps)
    {
        Dump dump = new Dump(steps)
            .SetFeature((9 * 32) + 20).SetFeature((3 * 32) + 21).SetFeature(32).SetFeature((22 * 32) + 8)
            .Point(MiniCopy.At("x86_return_thunk"), "srso_return_thunk")
            .Point(MiniCopy.At("pv_ops") + (9 * 8), "native_safe_halt")
            .Point(MiniCopy.At("__SCK__mini_tick"), "mini_tick_fast")
            .Point(MiniCopy.At("__SCK__mini_ret0"), null)
            .Put(MiniCopy.At("mini_key_flip"), 1, 0, 0, 0)
            .Put(MiniCopy.At("mini_key_true"), 0xff, 0xff, 0xff, 0xff);
        CpuProfile profile = Read(dump.Physical(0x1000000, physicalSteps), At);

        Assert.Equal(["1*32+0", "X86_FEATURE_ALWAYS", "X86_FEATURE_SMAP"], profile.Features); // by number; 1*32+0 has no name
        Assert.Equal(["X86_BUG_SYSRET_SS_ATTRS"], profile.Bugs);
        Assert.Equal("srso_return_thunk", profile.ReturnThunk);
        Assert.Equal(new Dictionary<string, string> { ["irq.halt"] = "native_safe_halt" }, profile.Ops);
        Assert.Equal(
            new Dictionary<string, int> { ["mini_key_flip"] = 1, ["mini_key_true"] = -1, ["mini_key_false"] = 0 }, profile.StaticKeys);
        Assert.Equal(
            new Dictionary<string, string>
            {
                ["__SCK__mini_tick"] = "mini_tick_fast",
                ["__SCK__mini_null"] = string.Empty,
                ["__SCK__mini_ret0"] = string.Empty,
                ["__SCK__mini_init"] = "mini_tick_default",
            },
            profile.StaticCalls);
        Assert.Equal("b4413196cfa298134c50a0776e639e9b9602fdb2", profile.BuildId);
        Assert.Empty(profile.Unknown);
    }

    [Fact]
    public void AnUntouchedKernelChangesNothing()
    {
        CpuProfile profile = Read(new Dump().Core(withVirtual: true), null);
        Assert.Empty(profile.Features);
        Assert.Empty(profile.Ops);
        Assert.Equal("__x86_return_thunk", profile.ReturnThunk);
        Assert.Empty(profile.LateStaticCalls);
    }

    // Only text tells when a call was emptied: ret and int3 at boot, a jump to the return thunk later.
    [Theory]
    [InlineData("c3cccccccc", false)]
    [InlineData("e900000000", true)]
    public void ACallEmptiedLateIsToldByItsTailCallsJump(string text, bool late)
    {
        ulong tail = MiniCopy.At("mini_tick_user") + 13;
        Dump dump = new Dump().Point(MiniCopy.At("__SCK__mini_tick"), null).Put(tail, Code.Bytes(text))
            .Put(MiniCopy.At("__SCT__mini_tick"), Code.Bytes("c3cccccccc"));
        Assert.Equal(late ? ["__SCK__mini_tick"] : [], Read(dump.Physical(0x1000000), At).LateStaticCalls);
    }

    [Fact]
    public void ACallThatHadNoFunctionFromTheStartIsNotLate()
    {
        Dump dump = new Dump().Put(MiniCopy.At("mini_null_user") + 13, Code.Bytes("e900000000"));
        Assert.Empty(Read(dump.Physical(0x1000000), At).LateStaticCalls);
    }

    [Fact]
    public void AMemoryProfileRewritesTheImageToThatMemorysText()
    {
        // The kernel of the golden up-lfence, as its memory would be: the profile's facts in its data.
        Dump dump = new Dump(3)
            .Point(MiniCopy.At("x86_return_thunk"), "srso_return_thunk")
            .Point(MiniCopy.At("__SCK__mini_tick"), "mini_tick_fast")
            .Put(MiniCopy.At("mini_key_flip"), 1, 0, 0, 0);
        CpuProfile golden = MiniKernel.Profile("up-lfence");
        using var mini = new MiniKernel();
        foreach (string name in golden.Features.Concat(golden.Bugs))
        {
            Assert.True(mini.Features.TryFind(name, out int number));
            dump.SetFeature(number);
        }

        CpuProfile read = Read(dump.Core(withVirtual: false, physicalSteps: 5), null) with { Uniprocessor = true };
        Assert.Equal(mini.Rewritten(golden), mini.Rewritten(read));
    }

    [Fact]
    public void ADumpThatEndsBeforeTheCpusDataIsAnError()
    {
        byte[] bytes = new Dump().Physical(0x1000000)[..0x4000];
        Assert.Contains("boot_cpu_data", Assert.Throws<MalformedImageException>(() => Read(bytes, At)).Reason);
    }

    // The fixture has neither variable: two of its names become theirs.
    [Theory]
    [InlineData(1, 1, true, 1)]
    [InlineData(0, 3, false, 3)]
    [InlineData(1, 0, true, 1)]
    [InlineData(0, 0, false, 2)]
    public void LocksAndCpusAreTheKernelsOwnVariables(byte patched, byte online, bool uniprocessor, int cpus)
    {
        using MiniKernel mini = new MiniCopy()
            .Rename("mini_atomic_inc", "uniproc_patched").Rename("__retpoline_sites", "__num_online_cpus").Open();
        byte[] memory = new Dump().Put(MiniCopy.At("mini_atomic_inc"), patched)
            .Put(MiniCopy.At("__retpoline_sites"), online, 0, 0, 0).Physical(0x1000000);
        using var dump = MemoryDump.Read(ByteSource.FromBytes(memory), At);
        CpuProfile profile = Read(mini, dump);
        Assert.Equal((uniprocessor, cpus), (profile.Uniprocessor, profile.Cpus));
    }

    private static CpuProfile Read(byte[] bytes, DumpAddress? at)
    {
        using var mini = new MiniKernel();
        using var dump = MemoryDump.Read(ByteSource.FromBytes(bytes), at);
        return Read(mini, dump);
    }

    private static CpuProfile Read(MiniKernel mini, MemoryDump dump) => MemoryProfile.Read(
        mini.Image, mini.Sites, mini.Ops, mini.Places, mini.Features, KernelMemory.Locate(mini.Image, dump), "dump");
}
