using System.Text;
using PvPatch.Elf;
using PvPatch.Images;

namespace PvPatch.Kernel;

/// <summary>A kernel image and what it says about itself: symbols, types, banner, tables.</summary>
public sealed class KernelImage : IDisposable
{
    private const int MaxBanner = 1024;
    private const ulong MaxText = 0x4000_0000; // KERNEL_IMAGE_SIZE; text is copied, and a sparse file can claim any amount
    private readonly Lazy<Btf?> btf;
    private readonly Lazy<Era> era;
    private readonly RangeIndex text;

    private KernelImage(ElfFile elf)
    {
        Elf = elf;
        RefuseType(elf.Type);
        ElfOverlaps.Refuse(elf);
        Memory = new AddressSpace(elf);
        ElfSection[] sections = [.. elf.Sections.Where(s => s.IsExecutable && s.HasBytes && s.Size != 0).OrderBy(s => s.Address)];
        TextSections = sections;
        text = new RangeIndex(
            Array.ConvertAll(sections, s => s.Address), Array.ConvertAll(sections, s => s.Address + s.Size));
        btf = new Lazy<Btf?>(() => Elf.FindSection(".BTF") is { } s ? Btf.Read(Elf.GetContents(s)) : null);
        era = new Lazy<Era>(() => Era.Detect(Elf, Btf, Banner));
        ulong room = MaxText;
        foreach (ElfSection section in TextSections)
        {
            if (!Memory.TryGetFileOffset(section.Address, section.Size, out ulong offset) || offset != section.Offset)
                throw new MalformedImageException($"section {section.Name}", "no loadable segment holds it at its place in the file");
            if (section.Size > room)
                throw new MalformedImageException($"section {section.Name}", $"with it there is more text than the 0x{MaxText:x} bytes a kernel can map");
            room -= section.Size;
        }
    }

    /// <summary>The file.</summary>
    public ElfFile Elf { get; }

    /// <summary>Its bytes by virtual address.</summary>
    public AddressSpace Memory { get; }

    /// <summary>Its symbols.</summary>
    public ElfSymbolTable Symbols => Elf.Symbols;

    /// <summary>Its type information, or null.</summary>
    public Btf? Btf => btf.Value;

    /// <summary>How its tables are laid out.</summary>
    public Era Era => era.Value;

    /// <summary>The executable sections that have bytes, by address.</summary>
    public IReadOnlyList<ElfSection> TextSections { get; }

    /// <summary><c>linux_banner</c> without its newline, or null.</summary>
    public string? Banner => Symbols.TryFindAddress("linux_banner", out ulong at) ? ReadString(at, MaxBanner)?.TrimEnd('\n') : null;

    /// <summary>Opens a kernel image.</summary>
    /// <exception cref="MalformedImageException">Not an ELF image that pvpatch can read.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static KernelImage Open(string path) => Read(ByteSource.Open(path));

    /// <summary>Reads a kernel image; takes ownership of the source.</summary>
    public static KernelImage Read(ByteSource source)
    {
        ElfFile? elf = null;
        try
        {
            elf = ElfFile.Read(source);
            return new KernelImage(elf);
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    /// <summary>The address range of a table; empty where the image has none.</summary>
    public (ulong Start, ulong Length) FindTable(TableSpec table)
    {
        if (table.Section is not null && Elf.FindSection(table.Section) is { HasBytes: true } section)
            return (section.Address, section.Size);
        if (!Symbols.TryFindAddress(table.Start, out ulong start) || !Symbols.TryFindAddress(table.Stop, out ulong stop))
            return (0, 0);
        if (stop < start)
            throw new MalformedImageException(table.Name, $"{table.Stop} lies before {table.Start}");
        return (start, stop - start);
    }

    /// <summary>The executable section that holds an address, or null.</summary>
    public ElfSection? FindText(ulong address) => FindTextIndex(address) is var found and >= 0 ? TextSections[found] : null;

    /// <summary>Which of <see cref="TextSections"/> holds an address, or -1.</summary>
    internal int FindTextIndex(ulong address) => text.Find(address);

    /// <summary>A NUL-terminated Latin-1 string, or null where there is none.</summary>
    public string? ReadString(ulong address, int limit)
    {
        Span<byte> buffer = stackalloc byte[MaxBanner];
        int length = 0;
        while (length < Math.Min(limit, MaxBanner))
        {
            if (!Memory.TryRead(address + (ulong)length, buffer.Slice(length, 1))) return null;
            if (buffer[length] == 0) return Encoding.Latin1.GetString(buffer[..length]);
            length++;
        }

        return null;
    }

    /// <inheritdoc/>
    public void Dispose() => Elf.Dispose();

    private static void RefuseType(ushort type)
    {
        const ushort executable = 2, shared = 3;
        if (type is executable or shared) return;
        string what = type switch
        {
            1 => "a relocatable object",
            4 => "a core dump",
            _ => $"of type {type}",
        };
        throw new MalformedImageException("ELF header", $"the file is {what}, not a linked image");
    }
}
