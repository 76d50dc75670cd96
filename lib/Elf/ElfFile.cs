namespace PvPatch.Elf;

/// <summary>A 32- or 64-bit little-endian ELF file over a memory map: headers read at once, everything else on demand.</summary>
public sealed class ElfFile : IDisposable
{
    private const int MaxHeaders = 65_279; // SHN_LORESERVE - 1: what e_shnum and e_phnum can say
    private readonly Lazy<ElfSymbolTable> symbols;
    private readonly List<(ulong Start, ulong Length, string Name)> headers = [];
    private readonly Dictionary<string, ElfSection> byName = new(StringComparer.Ordinal);

    private ElfFile(ByteSource source)
    {
        Source = source;
        if (source.Length == 0) throw new MalformedImageException("ELF header", "the file is empty");
        if (!source.Slice(0, Math.Min((ulong)source.Length, 4), "ELF header").SequenceEqual("\u007fELF"u8))
            throw new MalformedImageException("ELF header", IsBootImage(source) ? "this is a boot image (bzImage); give the ELF vmlinux it was made of" : "this is not an ELF file");
        ReadOnlySpan<byte> ident = source.Slice(0, 20, "ELF header");
        Is64 = ident[4] switch
        {
            1 => false,
            2 => true,
            _ => throw new MalformedImageException("ELF header", $"class {ident[4]} is neither 32 nor 64 bits"),
        };
        if (ident[5] != 1) throw new MalformedImageException("ELF header", "the file is not little-endian");
        Type = ElfReader.U16(ident, 16);
        Machine = (ElfMachine)ElfReader.U16(ident, 18);
        if (Machine is not (ElfMachine.X8664 or ElfMachine.I386 or ElfMachine.Ia64))
            throw new MalformedImageException("ELF header", $"machine {(int)Machine} is none of x86-64, i386 and IA-64");
        var reader = new ElfReader(Is64);
        ReadOnlySpan<byte> header = source.Slice(0, Is64 ? 64u : 52u, "ELF header");
        headers.Add((0, (ulong)header.Length, "the ELF header"));
        Entry = reader.Word(header, 24, 24);
        Segments = ReadSegments(reader, header);
        Sections = ReadSections(reader, header);
        foreach (ElfSection section in Sections) byName.TryAdd(section.Name, section);
        symbols = new Lazy<ElfSymbolTable>(() => ElfSymbolTable.Read(this));
    }

    /// <summary>The file's bytes.</summary>
    public ByteSource Source { get; }

    /// <summary>Whether this is ELFCLASS64.</summary>
    public bool Is64 { get; }

    /// <summary>e_type: 1 object, 2 executable, 3 shared, 4 core.</summary>
    public ushort Type { get; }

    /// <summary>e_machine.</summary>
    public ElfMachine Machine { get; }

    /// <summary>e_entry.</summary>
    public ulong Entry { get; }

    /// <summary>The program headers, in file order.</summary>
    public IReadOnlyList<ElfSegment> Segments { get; }

    /// <summary>Where the headers themselves lie in the file.</summary>
    internal IReadOnlyList<(ulong Start, ulong Length, string Name)> Headers => headers;

    /// <summary>The section headers, in file order, the null one included.</summary>
    public IReadOnlyList<ElfSection> Sections { get; }

    /// <summary>The symbols of .symtab; empty when there is none.</summary>
    public ElfSymbolTable Symbols => symbols.Value;

    /// <summary>Reads the headers; the file takes ownership of the source.</summary>
    /// <exception cref="MalformedImageException">Not a file we can read: not ELF, other machine, truncated …</exception>
    public static ElfFile Read(ByteSource source) => new(source);

    /// <summary>The first section of that name, or null.</summary>
    public ElfSection? FindSection(string name) => byName.GetValueOrDefault(name);

    /// <summary>A section's bytes in the file; empty for .bss and its like.</summary>
    public ReadOnlySpan<byte> GetContents(ElfSection section) =>
        section.HasBytes ? Source.Slice(section.Offset, section.Size, $"section {section.Name}") : default;

    /// <summary>A segment's bytes in the file.</summary>
    public ReadOnlySpan<byte> GetContents(ElfSegment segment) =>
        Source.Slice(segment.Offset, segment.FileSize, $"segment {segment.Index}");

    /// <summary>Reads a SHT_REL or SHT_RELA section.</summary>
    public ElfRelocation[] ReadRelocations(ElfSection section)
    {
        bool rela = section.Type == ElfSection.Rela;
        int size = (Is64 ? 16 : 8) + (rela ? Is64 ? 8 : 4 : 0);
        ReadOnlySpan<byte> bytes = GetContents(section);
        if (bytes.Length % size != 0)
            throw new MalformedImageException($"section {section.Name}", $"its size is not a multiple of {size}");
        var reader = new ElfReader(Is64);
        var relocations = new ElfRelocation[bytes.Length / size];
        for (int i = 0; i < relocations.Length; i++)
        {
            ReadOnlySpan<byte> entry = bytes.Slice(i * size, size);
            ulong info = reader.Word(entry, 4, 8);
            long addend = !rela ? 0 : Is64 ? (long)ElfReader.U64(entry, 16) : (int)ElfReader.U32(entry, 8);
            relocations[i] = new ElfRelocation(
                reader.Word(entry, 0, 0),
                (uint)(Is64 ? info & 0xffffffff : info & 0xff),
                (uint)(Is64 ? info >> 32 : info >> 8),
                addend);
        }

        return relocations;
    }

    /// <summary>All notes: of the note segments, or of the note sections where there is no segment.</summary>
    public IEnumerable<ElfNote> ReadNotes()
    {
        var ranges = Segments.Where(s => s.Type == ElfSegment.Note).Select(s => (s.Offset, Size: s.FileSize)).ToList();
        if (ranges.Count == 0)
            ranges.AddRange(Sections.Where(s => s.Type == ElfSection.Note).Select(s => (s.Offset, s.Size)));
        ulong left = (ulong)Source.Length;
        foreach ((ulong offset, ulong size) in ranges)
        {
            // Headers that name the same bytes again and again would make the work their product.
            Require(size <= left, "notes", "they overlap: together they are longer than the file");
            left -= size;
            ulong at = 0;
            while (size - at >= 12)
            {
                (ElfNote note, ulong length) = ReadNote(offset + at, size - at);
                yield return note;
                at += length;
                if (at > size) break;
            }
        }
    }

    /// <summary>The GNU build-id in hex, or null.</summary>
    public string? ReadBuildId()
    {
        ElfNote? note = ReadNotes().FirstOrDefault(n => n is { Owner: "GNU", Type: ElfNote.GnuBuildId });
        return note is null ? null : Convert.ToHexStringLower(note.Descriptor);
    }

    /// <inheritdoc/>
    public void Dispose() => Source.Dispose();

    private (ElfNote Note, ulong Length) ReadNote(ulong offset, ulong available)
    {
        ReadOnlySpan<byte> head = Source.Slice(offset, 12, "note");
        (uint nameSize, uint descSize, uint type) = (ElfReader.U32(head, 0), ElfReader.U32(head, 4), ElfReader.U32(head, 8));
        ulong namePadded = ((ulong)nameSize + 3) & ~3ul;
        ulong descPadded = ((ulong)descSize + 3) & ~3ul;
        if (12 + namePadded + descSize > available)
            throw new MalformedImageException($"note at 0x{offset:x}", "it is longer than its segment");
        string owner = ElfName.Text(ElfName.Bytes(Source.Slice(offset + 12, nameSize, "note name"), 0));
        byte[] descriptor = Source.Slice(offset + 12 + namePadded, descSize, "note descriptor").ToArray();
        return (new ElfNote(owner, type, descriptor), 12 + namePadded + descPadded);
    }

    private List<ElfSegment> ReadSegments(ElfReader reader, ReadOnlySpan<byte> header)
    {
        ulong offset = reader.Word(header, 28, 32);
        int size = ElfReader.U16(header, Is64 ? 54 : 42);
        int count = ElfReader.U16(header, Is64 ? 56 : 44);
        int least = Is64 ? 56 : 32;
        const int extended = 0xffff; // PN_XNUM: the count stands elsewhere
        if (count == 0) return [];
        Require(size >= least, "program headers", $"entries of {size} bytes are too small");
        Require(count != extended, "program headers", $"more than {extended - 1} are not supported");
        headers.Add((offset, (ulong)count * (ulong)size, "the program headers"));
        var segments = new List<ElfSegment>(count);
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> entry = Source.Slice(
                EntryOffset(offset, i, size, "program header"), (ulong)least, $"program header {i}");
            var segment = new ElfSegment(
                i,
                ElfReader.U32(entry, 0),
                reader.Half(entry, 24, 4),
                reader.Word(entry, 4, 8),
                reader.Word(entry, 8, 16),
                reader.Word(entry, 12, 24),
                reader.Word(entry, 16, 32),
                reader.Word(entry, 20, 40));
            Require(segment.Address + segment.MemorySize >= segment.Address, $"program header {i}", "its memory wraps around");
            if (segment.Type is ElfSegment.Load or ElfSegment.Note)
                Require(Source.Contains(segment.Offset, segment.FileSize), $"program header {i}", Outside(segment.Offset, segment.FileSize));
            segments.Add(segment);
        }

        return segments;
    }

    private List<ElfSection> ReadSections(ElfReader reader, ReadOnlySpan<byte> header)
    {
        ulong offset = reader.Word(header, 32, 40);
        int size = ElfReader.U16(header, Is64 ? 58 : 46);
        int count = ElfReader.U16(header, Is64 ? 60 : 48);
        int names = ElfReader.U16(header, Is64 ? 62 : 50);
        int least = Is64 ? 64 : 40;
        if (offset == 0) return [];
        Require(count != 0, "section headers", "their number is not in the ELF header, so there are too many");
        Require(size >= least, "section headers", $"entries of {size} bytes are too small");
        Require(count <= MaxHeaders, "section headers", $"{count} are too many");
        Require(names < count, "section headers", $"the name table's index {names} is not below {count}");
        headers.Add((offset, (ulong)count * (ulong)size, "the section headers"));
        ReadOnlySpan<byte> nameHeader = Source.Slice(
            EntryOffset(offset, names, size, "section header"), (ulong)least, $"section header {names}");
        ReadOnlySpan<byte> strings = Source.Slice(
            reader.Word(nameHeader, 16, 24), reader.Word(nameHeader, 20, 32), "section name table");
        var sections = new List<ElfSection>(count);
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> entry = Source.Slice(
                EntryOffset(offset, i, size, "section header"), (ulong)least, $"section header {i}");
            var section = new ElfSection(
                i,
                ReadString(strings, ElfReader.U32(entry, 0), $"section header {i}"),
                ElfReader.U32(entry, 4),
                reader.Word(entry, 8, 8),
                reader.Word(entry, 12, 16),
                reader.Word(entry, 16, 24),
                reader.Word(entry, 20, 32),
                reader.Half(entry, 24, 40),
                reader.Half(entry, 28, 44),
                reader.Word(entry, 36, 56));
            Require(section.Address + section.Size >= section.Address, $"section header {i}", "its memory wraps around");
            if (section.HasBytes)
                Require(Source.Contains(section.Offset, section.Size), $"section header {i} ({section.Name})", Outside(section.Offset, section.Size));
            sections.Add(section);
        }

        return sections;
    }

    private static ulong EntryOffset(ulong table, int entry, int size, string what)
    {
        ulong at = table + ((ulong)entry * (ulong)size);
        Require(at >= table, $"{what} {entry}", "its offset wraps around");
        return at;
    }

    private static string ReadString(ReadOnlySpan<byte> strings, uint at, string place)
    {
        Require(at < strings.Length || strings.IsEmpty, place, $"its name 0x{at:x} lies outside of the name table");
        return ElfName.Text(ElfName.Bytes(strings, at));
    }

    private string Outside(ulong offset, ulong size) =>
        $"bytes 0x{offset:x}+0x{size:x} lie outside of the file, which has 0x{Source.Length:x}";

    // The boot protocol's signature (Documentation/arch/x86/boot.rst): “HdrS” at 0x202.
    private static bool IsBootImage(ByteSource source) =>
        source.Contains(0x202, 4) && source.Slice(0x202, 4, "boot header").SequenceEqual("HdrS"u8);

    private static void Require(bool condition, string place, string reason)
    {
        if (!condition) throw new MalformedImageException(place, reason);
    }
}
