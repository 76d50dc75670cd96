using System.Buffers.Binary;
using PvPatch.Elf;

namespace PvPatch.Tests.Elf;

/// <summary>Files that are no ELF image: one exception, which says where.</summary>
public sealed class ElfMalformedTests
{
    // Offsets of fields in the 64-bit header and its tables: System V gABI, “ELF Header”.
    [Theory]
    [InlineData(0, 0x7e, "ELF header")]     // e_ident[EI_MAG0]
    [InlineData(4, 3, "ELF header")]        // EI_CLASS
    [InlineData(5, 2, "ELF header")]        // EI_DATA: big endian
    [InlineData(18, 0xf3, "ELF header")]    // e_machine: RISC-V
    [InlineData(39, 0x7f, "program header 0")] // e_phoff, its top byte
    [InlineData(47, 0x7f, "section header 23")] // e_shoff, its top byte: the name table is looked up first
    [InlineData(54, 8, "program headers")]  // e_phentsize
    [InlineData(58, 8, "section headers")]  // e_shentsize
    [InlineData(62, 200, "section headers")] // e_shstrndx
    public void OneWrongByteInTheHeaderIsNamed(int at, byte value, string place)
    {
        byte[] bytes = File.ReadAllBytes(TestPaths.Mini);
        bytes[at] = value;
        Assert.Equal(place, Assert.Throws<MalformedImageException>(() => ElfFile.Read(ByteSource.FromBytes(bytes))).Place);
    }

    [Fact]
    public void EveryTruncationIsMalformedAndNothingElse()
    {
        byte[] whole = File.ReadAllBytes(TestPaths.Mini);
        for (int length = 0; length < whole.Length; length += length < 512 ? 1 : 997)
        {
            using ByteSource source = ByteSource.FromBytes(whole[..length]);
            Assert.Throws<MalformedImageException>(() => ElfFile.Read(source));
        }
    }

    [Fact]
    public void ASectionOutsideOfTheFileIsNamed()
    {
        byte[] bytes = File.ReadAllBytes(TestPaths.Mini);
        int headers = (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(40));
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(headers + 64 + 24), 0x10_0000); // sh_offset of section 1
        Assert.Equal(
            "section header 1 (.text)",
            Assert.Throws<MalformedImageException>(() => ElfFile.Read(ByteSource.FromBytes(bytes))).Place);
    }

    [Fact]
    public void ANoteLongerThanItsSegmentIsMalformed()
    {
        byte[] bytes = File.ReadAllBytes(TestPaths.Mini);
        using ElfFile intact = ElfFile.Read(ByteSource.FromBytes(bytes));
        int note = (int)intact.Segments.Single(s => s.Type == ElfSegment.Note).Offset;
        byte[] broken = [.. bytes];
        BinaryPrimitives.WriteInt32LittleEndian(broken.AsSpan(note + 4), 0x1000); // n_descsz
        using ElfFile file = ElfFile.Read(ByteSource.FromBytes(broken));
        Assert.Throws<MalformedImageException>(file.ReadBuildId);
    }
}
