using PvPatch.Elf;
using PvPatch.Tests.Tools;

namespace PvPatch.Tests.Elf;

/// <summary>Symbols by index, name and address, against readelf and nm.</summary>
public sealed class ElfSymbolTableTests(ElfSamples samples) : IClassFixture<ElfSamples>
{
    [Theory]
    [MemberData(nameof(ElfSamples.Names), MemberType = typeof(ElfSamples))]
    public void SymbolsAreThoseReadelfShows(string name)
    {
        using ElfFile file = Open(name);
        IReadOnlyList<ReadelfSymbol> expected = Readelf.Symbols(samples.Path(name));
        Assert.Equal(expected.Count, file.Symbols.Count);
        for (int i = 0; i < expected.Count; i++)
        {
            ElfSymbol found = file.Symbols[i];
            string type = found.Type switch { 0 => "NOTYPE", 1 => "OBJECT", 2 => "FUNC", 3 => "SECTION", 4 => "FILE", _ => "?" };
            string section = found.SectionIndex switch
            {
                ElfSymbol.Undefined => "UND",
                ElfSymbol.Absolute => "ABS",
                _ => $"{found.SectionIndex}",
            };
            Assert.Equal(expected[i], new ReadelfSymbol(
                i, found.Address, found.Size, type, found.Binding == 1 ? "GLOBAL" : "LOCAL", section, file.Symbols.GetName(found)));
        }
    }

    [Fact]
    public void EveryNameFindsItsAddress()
    {
        using ElfFile file = Open("mini-vmlinux");
        IReadOnlyDictionary<string, ulong> expected = Binutils.Symbols(TestPaths.Mini);
        Assert.True(expected.Count > 100);
        foreach ((string name, ulong address) in expected)
        {
            Assert.True(file.Symbols.TryFindAddress(name, out ulong found), name);
            Assert.Equal(address, found);
        }
    }

    [Theory]
    [InlineData("mini_no_such")]
    [InlineData("pv_op")]
    [InlineData("pv_opss")]
    [InlineData("")]
    public void ANameThatIsNotThereIsNotFound(string name)
    {
        using ElfFile file = Open("mini-vmlinux");
        Assert.False(file.Symbols.TryFind(name, out _));
    }

    [Theory]
    [InlineData("linked32")]
    [InlineData("linked64")]
    public void OfTwoEqualNamesTheGlobalOneIsFound(string name)
    {
        using ElfFile file = Open(name);
        ReadelfSymbol[] twins = [.. Readelf.Symbols(samples.Path(name)).Where(s => s.Name == "twin")];
        Assert.Equal(["GLOBAL", "LOCAL"], twins.Select(t => t.Binding).Order(StringComparer.Ordinal));
        Assert.True(file.Symbols.TryFind("twin", out ElfSymbol found));
        Assert.Equal(twins.Single(t => t.Binding == "GLOBAL").Address, found.Address);
    }

    [Fact]
    public void AnUndefinedNameIsNotFoundInAnObject()
    {
        using ElfFile file = Open("one64.o");
        Assert.Contains(Readelf.Symbols(samples.Path("one64.o")), s => s is { Name: "elsewhere", Section: "UND" });
        Assert.False(file.Symbols.TryFind("elsewhere", out _));
    }

    // The source: first and alias at +0, 1-byte nop, 5-byte call, then the label inside at +6, to +8; then twin, bare, bare's end.
    [Theory]
    [InlineData(0, "alias")]        // two functions of one place and size: the name that sorts first
    [InlineData(3, "alias+0x3")]
    [InlineData(6, "alias+0x6")]    // a label does not hide its function
    [InlineData(7, "alias+0x7")]
    [InlineData(8, "twin")]
    [InlineData(9, "bare")]         // no function: the label has to do
    [InlineData(10, "bare+0x1")]
    [InlineData(11, "elsewhere")]
    public void AnAddressIsNamedByTheFunctionThatHoldsIt(ulong offset, string expected)
    {
        using ElfFile file = Open("linked64");
        Assert.True(file.Symbols.TryFindAddress("first", out ulong start));
        Assert.Equal(0x100000ul, start);

        // ld aligns the second file's text to one byte: it follows at once.
        Assert.Equal(expected, file.Symbols.Describe(start + offset));
    }

    [Fact]
    public void AddressesBelowAllSymbolsAreHex()
    {
        using ElfFile file = Open("linked64");
        Assert.Equal("0xff", file.Symbols.Describe(0xff));
    }

    [Fact]
    public void AbsoluteSymbolsNameNoPlaces()
    {
        using ElfFile file = Open("linked64");
        Assert.True(file.Symbols.TryFindAddress("constant", out ulong value));
        Assert.Equal(0x1234ul, value);
        Assert.Equal("0x1240", file.Symbols.Describe(0x1240));
        Assert.False(file.Symbols.IsSymbolAt(0x1234));
    }

    [Fact]
    public void OnlyExactPlacesAreSymbols()
    {
        using ElfFile file = Open("mini-vmlinux");
        ulong memcpy = Binutils.Symbols(TestPaths.Mini)["memcpy"];
        Assert.True(file.Symbols.IsSymbolAt(memcpy));
        Assert.False(file.Symbols.IsSymbolAt(memcpy + 1));
    }

    [Fact]
    public void SortedAddressesAscendAndHoldEveryPlace()
    {
        using ElfFile file = Open("mini-vmlinux");
        ulong[] expected = [.. Readelf.Symbols(TestPaths.Mini)
            .Where(s => s.Section is not ("UND" or "ABS") && s.Type is "NOTYPE" or "OBJECT" or "FUNC")
            .Where(s => s.Section is not ("UND" or "ABS"))
            .Select(s => s.Address)
            .Order()];
        Assert.Equal(expected, file.Symbols.SortedAddresses);
    }

    [Fact]
    public void AFileWithoutSymbolsFindsNothing()
    {
        using var folder = new TempFolder();
        string stripped = folder.Path("stripped");
        Binutils.Run("strip", "-o", stripped, samples.Path("linked64"));
        using ElfFile file = ElfFile.Read(ByteSource.Open(stripped));
        Assert.Equal(0, file.Symbols.Count);
        Assert.False(file.Symbols.TryFind("first", out _));
        Assert.Equal("0x100000", file.Symbols.Describe(0x100000));
    }

    private ElfFile Open(string name) => ElfFile.Read(ByteSource.Open(samples.Path(name)));
}
