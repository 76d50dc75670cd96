using PvPatch.Elf;
using PvPatch.Tests.Tools;

namespace PvPatch.Tests.Elf;

/// <summary>Headers, sections, segments, relocations and notes, against readelf.</summary>
public sealed class ElfFileTests(ElfSamples samples) : IClassFixture<ElfSamples>
{
    [Theory]
    [MemberData(nameof(ElfSamples.Names), MemberType = typeof(ElfSamples))]
    public void HeaderIsWhatReadelfShows(string name)
    {
        using ElfFile file = Open(name);
        Assert.Equal(Readelf.Header(samples.Path(name), "Class"), file.Is64 ? "ELF64" : "ELF32");
        Assert.Equal(
            Readelf.Header(samples.Path(name), "Machine"),
            file.Machine == ElfMachine.X8664 ? "Advanced Micro Devices X86-64" : "Intel 80386");
        Assert.StartsWith(file.Type == 1 ? "REL" : "EXEC", Readelf.Header(samples.Path(name), "Type"), StringComparison.Ordinal);
        Assert.Equal(Readelf.Header(samples.Path(name), "Entry point address"), $"0x{file.Entry:x}");
    }

    [Theory]
    [MemberData(nameof(ElfSamples.Names), MemberType = typeof(ElfSamples))]
    public void SectionsAreThoseReadelfShows(string name)
    {
        using ElfFile file = Open(name);
        IReadOnlyList<ReadelfSection> expected = Readelf.Sections(samples.Path(name));
        Assert.True(expected.Count >= 8);
        Assert.Equal(expected, file.Sections.Select(s => new ReadelfSection(
            s.Index, s.Name, s.Type, s.Flags, s.Address, s.Offset, s.Size, s.EntrySize, s.Link, s.Info)));
    }

    [Theory]
    [InlineData("mini-vmlinux")]
    [InlineData("linked32")]
    [InlineData("linked64")]
    public void SegmentsAreThoseReadelfShows(string name)
    {
        using ElfFile file = Open(name);
        IReadOnlyList<ReadelfSegment> expected = Readelf.Segments(samples.Path(name));
        Assert.NotEmpty(expected);
        Assert.Equal(expected, file.Segments.Select(s => new ReadelfSegment(
            s.Type, s.Offset, s.Address, s.PhysicalAddress, s.FileSize, s.MemorySize, s.Flags)));
    }

    [Theory]
    [InlineData("one32.o", ".rel.text", 1)]
    [InlineData("one32.o", ".rel.data", 2)]
    [InlineData("onex32.o", ".rela.text", 1)]
    [InlineData("onex32.o", ".rela.data", 2)]
    [InlineData("one64.o", ".rela.text", 1)]
    [InlineData("one64.o", ".rela.data", 2)]
    public void RelocationsAreThoseReadelfShows(string name, string section, int count)
    {
        using ElfFile file = Open(name);
        ElfRelocation[] found = file.ReadRelocations(file.FindSection(section)!);
        IReadOnlyList<ReadelfRelocation> expected = Readelf.Relocations(samples.Path(name), section);
        Assert.Equal(count, expected.Count);

        // r_info: ELF32_R_INFO is sym << 8 | type, ELF64_R_INFO is sym << 32 | type (System V gABI).
        Assert.Equal(expected, found.Select(r => new ReadelfRelocation(
            r.Offset,
            file.Is64 ? ((ulong)r.Symbol << 32) | r.Type : (r.Symbol << 8) | r.Type,
            file.Symbols.GetName(file.Symbols[(int)r.Symbol]),
            r.Addend)));
    }

    [Theory]
    [InlineData("mini-vmlinux")]
    [InlineData("linked32")]
    [InlineData("linked64")]
    public void BuildIdIsWhatReadelfShows(string name)
    {
        using ElfFile file = Open(name);
        string notes = Binutils.Run("readelf", "-nW", samples.Path(name));
        string expected = notes[(notes.IndexOf("Build ID: ", StringComparison.Ordinal) + 10)..].Split('\n')[0];
        Assert.Equal(40, expected.Length);
        Assert.Equal(expected, file.ReadBuildId());
    }

    [Theory]
    [InlineData("one32.o")]
    [InlineData("one64.o")]
    [InlineData("linked32")]
    [InlineData("linked64")]
    public void NotesAreReadWithTheirPadding(string name)
    {
        using ElfFile file = Open(name);
        ElfNote note = Assert.Single(file.ReadNotes(), n => n.Owner == "Test");
        Assert.Equal(7u, note.Type);
        Assert.Equal([1, 2, 3], note.Descriptor);
    }

    [Fact]
    public void ObjectWithoutBuildIdHasNone()
    {
        using ElfFile file = Open("one64.o");
        Assert.Null(file.ReadBuildId());
    }

    [Fact]
    public void SectionContentsAreTheFilesBytes()
    {
        using ElfFile file = Open("mini-vmlinux");
        Assert.Equal(Binutils.Section(TestPaths.Mini, ".altinstructions"), file.GetContents(file.FindSection(".altinstructions")!));
        Assert.True(file.GetContents(file.FindSection(".bss")!).IsEmpty);
        Assert.Null(file.FindSection(".nothing"));
    }

    private ElfFile Open(string name) => ElfFile.Read(ByteSource.Open(samples.Path(name)));
}
