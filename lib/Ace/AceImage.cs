using PvPatch.Elf;
using PvPatch.Images;

namespace PvPatch.Ace;

/// <summary>An ELF file by address: its bytes, its executable sections, its names.</summary>
public sealed class AceImage
{
    private readonly AddressSpace? segments;

    /// <summary>Wraps a linked file, or an object that was laid out.</summary>
    /// <exception cref="MalformedImageException">It is not for x86-64.</exception>
    public AceImage(ElfFile file)
    {
        if (file.Machine != ElfMachine.X8664 || !file.Is64)
            throw new MalformedImageException("ELF header", "an ACE area is x86-64 code, and this file is not");
        Elf = file;
        if (file.Segments.Any(s => s.Type == ElfSegment.Load)) segments = new AddressSpace(file);
        Text = [.. file.Sections.Where(s => s.IsExecutable && s.HasBytes && s.Size is > 0 and < int.MaxValue)
            .Select(s => new AddressRange(s.Address, s.Address + s.Size))];
        if (Text.Count == 0) // stripped of its section headers
            Text = [.. file.Segments.Where(s => s.Type == ElfSegment.Load && (s.Flags & ElfSegment.ExecFlag) != 0 && s.FileSize is > 0 and < int.MaxValue)
                .Select(s => new AddressRange(s.Address, s.Address + s.FileSize))];
    }

    /// <summary>The file.</summary>
    public ElfFile Elf { get; }

    /// <summary>The executable sections that have bytes; executable segments where there are no sections.</summary>
    public IReadOnlyList<AddressRange> Text { get; }

    /// <summary>The bytes at an address, as its segments place them, or its sections where it has no segments.</summary>
    public bool TrySlice(ulong address, ulong length, out ReadOnlySpan<byte> bytes)
    {
        if (segments is not null) return segments.TrySlice(address, length, out bytes);
        foreach (ElfSection section in Elf.Sections)
        {
            if (!section.IsAllocated || !section.HasBytes || !section.Contains(address)) continue;
            ulong into = address - section.Address;
            if (length > section.Size - into || length > int.MaxValue) continue;
            bytes = Elf.Source.Slice(section.Offset + into, length, $"section {section.Name}");
            return true;
        }

        bytes = default;
        return false;
    }

    /// <summary>The executable range that holds an address, or null.</summary>
    public AddressRange? FindText(ulong address)
    {
        foreach (AddressRange range in Text)
            if (address >= range.Start && address < range.End) return range;
        return null;
    }

    /// <summary>Symbol and offset.</summary>
    public string Describe(ulong address) => Elf.Symbols.Describe(address);
}
