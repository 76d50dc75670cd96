using System.Buffers.Binary;
using System.Text;
using PvPatch.Kernel;
using PvPatch.Tests.Tools;

namespace PvPatch.Tests.Kernel;

/// <summary>The type information of the fixture, against testdata/mini/btf.S, and of sections written by hand (btf.rst).</summary>
public sealed class BtfTests
{
    [Theory]
    [InlineData("paravirt_patch_template", 192)] // 24 pointers
    [InlineData("paravirt_patch_site", 16)]
    [InlineData("alt_instr", 12)]
    [InlineData("jump_entry", 16)]
    [InlineData("static_call_site", 8)]
    [InlineData("exception_table_entry", 12)]
    [InlineData("cpuinfo_x86", 120)] // 8, 24 words, 16 characters
    public void StructuresHaveTheSizesOfTheSource(string name, uint size) => Assert.Equal(size, Fixture().FindStruct(name)?.Size);

    [Fact]
    public void UnknownAndEmptyNamesAreNoStructures()
    {
        Assert.Null(Fixture().FindStruct("no_such"));
        Assert.Null(Fixture().FindStruct("int")); // an integer's name
    }

    [Fact]
    public void MembersKeepTheirOrderNamesAndOffsets() => Assert.Equal(
        [("instr_offset", 0u), ("repl_offset", 4u), ("cpuid", 8u), ("instrlen", 10u), ("replacementlen", 11u)],
        Fixture().FindStruct("alt_instr")!.Members.Select(m => (m.Name, m.Offset)));

    [Theory]
    [InlineData("cpuinfo_x86", "x86_capability", 8, 24)]           // inside an anonymous union; NCAPINTS + NBUGINTS words
    [InlineData("cpuinfo_x86", "x86_capability_alignment", 8, 0)]
    [InlineData("cpuinfo_x86", "x86_vendor_id", 104, 16)]          // behind the union
    [InlineData("cpuinfo_x86", "x86_tlbsize", 4, 0)]
    [InlineData("static_key", "entries", 8, 0)]
    [InlineData("static_key", "enabled", 0, 0)]
    public void MembersAreFoundThroughAnonymousParts(string type, string member, uint offset, uint elements)
    {
        Assert.True(Fixture().TryFindMember(type, member, out uint foundOffset, out uint foundElements));
        Assert.Equal((offset, elements), (foundOffset, foundElements));
    }

    [Theory]
    [InlineData("static_key", "counter")] // a member of the named member enabled, not of static_key
    [InlineData("cpuinfo_x86", "no_such")]
    [InlineData("no_such", "x86")]
    public void NamedPartsAreNotLookedInto(string type, string member) =>
        Assert.False(Fixture().TryFindMember(type, member, out _, out _));

    [Fact]
    public void TypedefsAndQualifiersLeadToTheStructure()
    {
        // 1: struct s {}, 2: const 1, 3: volatile 2, 4: typedef t = 3.
        Btf btf = Btf.Read(Section(
            [.. Type("s", 4, 1, 8), .. Member("m", 1, 0), .. Type("", 10, 0, 1), .. Type("", 9, 0, 2), .. Type("t", 8, 0, 3)]));
        Assert.Equal("s", btf.GetStruct(4)?.Name);
        Assert.Null(btf.GetStruct(0));
        Assert.Null(btf.GetStruct(5));
    }

    [Fact]
    public void ATypedefOfItselfEnds()
    {
        Btf btf = Btf.Read(Section(Type("t", 8, 0, 1)));
        Assert.Null(btf.GetStruct(1));
    }

    [Fact]
    public void WithTheKindFlagTheTopByteOfAnOffsetIsABitFieldsSize()
    {
        byte[] type = Type("s", 4, 1, 8);
        type[7] |= 0x80; // kind_flag: bit 31 of info
        Btf btf = Btf.Read(Section([.. type, .. Member("bits", 0, (3u << 24) | 32)]));
        Assert.Equal(4u, btf.FindStruct("s")!.Members[0].Offset);
    }

    // What follows the common 12 bytes: INT 4, ARRAY 12, ENUM 8 each, FUNC_PROTO 8 each, VAR 4, DATASEC 12 each, DECL_TAG 4, ENUM64 12 each.
    [Theory]
    [InlineData(1, 0, 4)]
    [InlineData(2, 0, 0)]
    [InlineData(3, 0, 12)]
    [InlineData(5, 2, 24)]
    [InlineData(6, 3, 24)]
    [InlineData(7, 0, 0)]
    [InlineData(11, 0, 0)]
    [InlineData(12, 1, 0)]
    [InlineData(13, 3, 24)]
    [InlineData(14, 0, 4)]
    [InlineData(15, 2, 24)]
    [InlineData(16, 0, 0)]
    [InlineData(17, 0, 4)]
    [InlineData(18, 0, 0)]
    [InlineData(19, 2, 24)]
    public void EveryKindIsAsLongAsTheFormatSays(int kind, int count, int tail)
    {
        Btf btf = Btf.Read(Section([.. Type("", kind, count, 0), .. new byte[tail], .. Type("behind", 4, 1, 8), .. Member("m", 1, 0)]));
        Assert.Equal("behind", btf.GetStruct(2)?.Name);
        if (tail != 0)
            Assert.Throws<MalformedImageException>(() => Btf.Read(Section([.. Type("", kind, count, 0), .. new byte[tail - 1]])));
    }

    [Fact]
    public void AnUnknownKindIsMalformed() =>
        Assert.Contains("kind 20", Assert.Throws<MalformedImageException>(() => Btf.Read(Section(Type("", 20, 0, 0)))).Reason);

    [Fact]
    public void HeadersThatLieAreMalformed()
    {
        byte[] good = Section(Type("t", 8, 0, 1));
        Assert.Throws<MalformedImageException>(() => Btf.Read(good.AsSpan(0, 23)));
        Assert.Throws<MalformedImageException>(() => Btf.Read(good.AsSpan(0, good.Length - 1)));
        foreach ((int at, byte value) in new[] { (0, (byte)0), (15, (byte)0x80), (11, (byte)0xff), (19, (byte)0x80), (7, (byte)0xff) })
        {
            byte[] bad = [.. good];
            bad[at] = value;
            Assert.Throws<MalformedImageException>(() => Btf.Read(bad));
        }
    }

    private static Btf Fixture() => Btf.Read(Binutils.Section(TestPaths.Mini, ".BTF"));

    private static readonly StringBuilder Names = new();

    private static byte[] Type(string name, int kind, int count, uint sizeOrType) => [.. Words(Name(name), (uint)((kind << 24) | count), sizeOrType)];

    private static byte[] Member(string name, uint type, uint bits) => [.. Words(Name(name), type, bits)];

    private static uint Name(string name)
    {
        lock (Names)
        {
            if (Names.Length == 0) Names.Append('\0');
            int at = name.Length == 0 ? 0 : Names.Length;
            if (name.Length != 0) Names.Append(name).Append('\0');
            return (uint)at;
        }
    }

    private static byte[] Section(byte[] types)
    {
        byte[] strings = Encoding.ASCII.GetBytes(Names.ToString());
        return
        [
            0x9f, 0xeb, 1, 0, .. Words(24, 0, (uint)types.Length, (uint)types.Length, (uint)strings.Length), .. types, .. strings,
        ];
    }

    private static byte[] Words(params uint[] words)
    {
        byte[] bytes = new byte[words.Length * 4];
        for (int i = 0; i < words.Length; i++) BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(i * 4), words[i]);
        return bytes;
    }
}
