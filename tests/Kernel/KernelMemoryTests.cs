using System.Text;
using PvPatch.Elf;
using PvPatch.Images;
using PvPatch.Kernel;
using PvPatch.Tests.Tools;

namespace PvPatch.Tests.Kernel;

/// <summary>A running kernel found in a dump by its banner, wherever KASLR put it.</summary>
public sealed class KernelMemoryTests
{
    private static readonly DumpAddress Physical = new(true, 0x1000000), Virtual = new(false, 0xffffffff81000000);

    [Theory]
    [InlineData(0, 0)]
    [InlineData(5, 0)]
    [InlineData(5, 3)]
    [InlineData(0, 7)]
    public void PhysicalPlaceAndVirtualSlideAreTwoThings(int steps, int physicalSteps)
    {
        byte[] bytes = new Dump(steps).Physical(0x1000000, physicalSteps);
        Check(bytes, Physical, steps);
    }

    [Fact]
    public void ADumpMayBeginBelowTheKernel() => Check(new Dump(2).Physical(0x800000, 1), new DumpAddress(true, 0x800000), 2);

    [Theory]
    [InlineData(0)]
    [InlineData(9)]
    public void AVirtualDumpTellsTheSlideByItsPlace(int steps) =>
        Check(new Dump(steps).Virtual(), Virtual with { Address = Virtual.Address + ((ulong)steps * 0x200000) }, steps);

    [Theory]
    [InlineData(true, 0, 0)]
    [InlineData(true, 4, 2)]
    [InlineData(false, 0, 0)]
    [InlineData(false, 4, 2)]
    public void CoresAreReadByEitherAddress(bool withVirtual, int steps, int physicalSteps) =>
        Check(new Dump(steps).Core(withVirtual, physicalSteps), null, steps);

    [Fact]
    public void PointersOutsideOfTheKernelStay()
    {
        ulong key = MiniCopy.At("__SCK__mini_tick");
        byte[] bytes = new Dump(4).Put(key, BitConverter.GetBytes(0xffffffffc0001234ul)).Physical(0x1000000);
        using var mini = new MiniKernel();
        using var dump = MemoryDump.Read(ByteSource.FromBytes(bytes), Physical);
        var memory = KernelMemory.Locate(mini.Image, dump);
        Assert.True(memory.TryReadPointer(key, out ulong value));
        Assert.Equal(0xffffffffc0001234, value); // a module's
    }

    [Fact]
    public void AnotherKernelIsAnErrorThatNamesIt()
    {
        byte[] banner = Encoding.ASCII.GetBytes("Linux version 6.1.0-none");
        byte[] bytes = new Dump().Put(MiniCopy.At("linux_banner"), banner).Physical(0x1000000);
        Assert.Contains("6.1.0-mini", NotFound(bytes, Physical).Reason);
        Assert.Contains("6.1.0-mini", NotFound(new byte[0x10000], Physical).Reason);
        Assert.Contains("6.1.0-mini", NotFound([], Physical).Reason);
    }

    [Fact]
    public void ADumpAtTheWrongPlaceIsNotTheKernel()
    {
        // Off by a page: not where KASLR, in steps of 2 MiB, can have put it.
        Assert.Contains("6.1.0-mini", NotFound(new Dump().Physical(0x1000000), Physical with { Address = 0x1001000 }).Reason);
    }

    private static MalformedImageException NotFound(byte[] bytes, DumpAddress? at)
    {
        using var mini = new MiniKernel();
        using var dump = MemoryDump.Read(ByteSource.FromBytes(bytes), at);
        return Assert.Throws<MalformedImageException>(() => KernelMemory.Locate(mini.Image, dump));
    }

    private static void Check(byte[] bytes, DumpAddress? at, int steps)
    {
        using var mini = new MiniKernel();
        using var dump = MemoryDump.Read(ByteSource.FromBytes(bytes), at);
        var memory = KernelMemory.Locate(mini.Image, dump);
        Assert.Equal((ulong)steps * 0x200000, memory.Slide);

        // Read by link addresses: text as it is, pointers as they would be without KASLR.
        byte[] code = new byte[8];
        Assert.True(memory.TryRead(MiniKernel.Symbols["memcpy"], code));
        Assert.Equal(mini.Image.Memory.Slice(MiniKernel.Symbols["memcpy"], 8, "code"), code);
        Assert.True(memory.TryReadPointer(MiniKernel.Symbols["x86_return_thunk"], out ulong thunk));
        Assert.Equal(MiniKernel.Symbols["__x86_return_thunk"], thunk);
        Assert.True(memory.TryReadPointer(MiniKernel.Symbols["__SCK__mini_null"], out ulong none));
        Assert.Equal(0ul, none);
        Assert.False(memory.TryRead(0xffffffff82000000, code));
    }
}
