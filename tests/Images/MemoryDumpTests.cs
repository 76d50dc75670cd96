using PvPatch.Elf;
using PvPatch.Images;
using PvPatch.Tests.Tools;

namespace PvPatch.Tests.Images;

/// <summary>Dumps: raw with an address, or an ELF core.</summary>
public sealed class MemoryDumpTests
{
    [Theory]
    [InlineData("phys:0x1000000", true, 0x1000000)]
    [InlineData("phys:0x0", true, 0)]
    [InlineData("0xffffffff81000000", false, 0xffffffff81000000)]
    [InlineData("ffffffff81000000", false, 0xffffffff81000000)]
    public void AddressesOfDumpsAreReadAsTheManualWritesThem(string text, bool physical, ulong address)
    {
        Assert.True(DumpAddress.TryParse(text, out DumpAddress at));
        Assert.Equal(new DumpAddress(physical, address), at);
    }

    [Theory]
    [InlineData("")]
    [InlineData("phys:")]
    [InlineData("phys:1000")]
    [InlineData("physical:0x1000")]
    [InlineData("1000")]
    [InlineData("0x1000 ")]
    [InlineData("-0x1000")]
    public void OtherAddressesAreNot(string text) => Assert.False(DumpAddress.TryParse(text, out _));

    [Fact]
    public void ARawDumpIsOneRange()
    {
        using var dump = MemoryDump.Read(ByteSource.FromBytes([1, 2, 3, 4]), new DumpAddress(true, 0x1000));
        Assert.True(dump.IsPhysical);
        byte[] two = new byte[2];
        Assert.True(dump.TryRead(0x1002, two));
        Assert.Equal([3, 4], two);
        Assert.False(dump.TryRead(0x1003, two)); // the second byte is missing: none is read
        Assert.False(dump.TryRead(0xfff, two));
        Assert.False(dump.TryRead(0x1004, two));
        Assert.Equal([3, 4], two);
    }

    [Fact]
    public void ACoreHasItsSegmentsAddresses()
    {
        using var virt = MemoryDump.Read(ByteSource.FromBytes(new Dump().Core(withVirtual: true)), null);
        Assert.False(virt.IsPhysical);
        Assert.Equal(0xffffffff81000000, virt.Ranges[0].Start);
        using var phys = MemoryDump.Read(ByteSource.FromBytes(new Dump().Core(withVirtual: false)), null);
        Assert.True(phys.IsPhysical);
        Assert.Equal(0x1000000ul, phys.Ranges[0].Start);
        byte[] four = new byte[4];
        Assert.True(phys.TryRead(0x1000000, four));
        Assert.Equal(File.ReadAllBytes(TestPaths.Mini)[0x1000..0x1004], four);
    }

    [Fact]
    public void WhatIsNoCoreNeedsAnAddress()
    {
        Assert.Contains("--at", Read([1, 2, 3, 4, 5]).Reason);
        Assert.Contains("--at", Read([]).Reason);
        Assert.Contains("not a core", Read(File.ReadAllBytes(TestPaths.Mini)).Reason);

        static MalformedImageException Read(byte[] bytes) =>
            Assert.Throws<MalformedImageException>(() => MemoryDump.Read(ByteSource.FromBytes(bytes), null));
    }

    [Fact]
    public void ARawDumpMayNotWrapAround() => Assert.Throws<MalformedImageException>(
        () => MemoryDump.Read(ByteSource.FromBytes(new byte[32]), new DumpAddress(false, ulong.MaxValue - 15)));
}
