using PvPatch.Kernel;
using PvPatch.Tests.Tools;

namespace PvPatch.Tests.Kernel;

/// <summary>Addresses as people write them.</summary>
public sealed class PlaceNamesTests
{
    [Theory]
    [InlineData("memcpy", 0)]
    [InlineData("memcpy+0x12", 0x12)]
    [InlineData("memcpy+12", 12)]
    public void SymbolsAndOffsetsResolve(string text, ulong offset)
    {
        using var mini = new MiniKernel();
        Assert.True(PlaceNames.TryResolve(mini.Image.Symbols, text, out ulong address));
        Assert.Equal(MiniKernel.Symbols["memcpy"] + offset, address);
    }

    [Theory]
    [InlineData("0xffffffff810002a0", 0xffffffff810002a0)]
    [InlineData("0XFFFFFFFF810002A0", 0xffffffff810002a0)]
    [InlineData("ffffffff810002a0", 0xffffffff810002a0)] // as scan prints it
    [InlineData("0x12", 0x12)]
    public void HexResolves(string text, ulong expected)
    {
        using var mini = new MiniKernel();
        Assert.True(PlaceNames.TryResolve(mini.Image.Symbols, text, out ulong address));
        Assert.Equal(expected, address);
    }

    [Theory]
    [InlineData("")]
    [InlineData("+0x12")]
    [InlineData("memcpy+")]
    [InlineData("memcpy+x")]
    [InlineData("memcpy+-1")]
    [InlineData("no_such")]
    [InlineData("no_such+0x1")]
    [InlineData("0x")]
    [InlineData("0x12g")]
    [InlineData("12345678")]
    [InlineData("0x12345678123456789")]
    public void OtherTextDoesNot(string text)
    {
        using var mini = new MiniKernel();
        Assert.False(PlaceNames.TryResolve(mini.Image.Symbols, text, out _));
    }

    [Fact]
    public void NamesOfAddressesLeadBackToThem()
    {
        using var mini = new MiniKernel();
        ulong memcpy = MiniKernel.Symbols["memcpy"];
        Assert.Equal("memcpy+0x3", PlaceNames.NameOf(mini.Image.Symbols, memcpy + 3));
    }

    [Fact]
    public void WhereANameIsNotUniqueAnAddressIsHex()
    {
        // Two functions of one name: the name finds the global one only.
        using MiniKernel kernel = AssembledKernel.Build("""
                .text
                .type twin, @function
            twin: ret
                .size twin, 1
                .globl other
                .type other, @function
            other: ret
                .size other, 1
            """);
        Assert.Equal("twin", PlaceNames.NameOf(kernel.Image.Symbols, 0xffffffff81000000));

        MiniCopy copy = new MiniCopy().Rename("mini_flip_near", "native_save_fl");
        using MiniKernel renamed = copy.Open();
        string[] names =
        [
            PlaceNames.NameOf(renamed.Image.Symbols, MiniKernel.Symbols["mini_flip_near"]),
            PlaceNames.NameOf(renamed.Image.Symbols, MiniKernel.Symbols["native_save_fl"]),
        ];
        Assert.Single(names, "native_save_fl");
        Assert.Single(names, n => n.StartsWith("0xffffffff8100", StringComparison.Ordinal));
    }
}
