using System.Buffers.Binary;
using PvPatch.Elf;

namespace PvPatch.Ace;

/// <summary>Gives an object file addresses, as a linker would, so that the checks see one kind of file.</summary>
/// <remarks>
/// Sections are laid out a page apart, <c>.ace</c> first; relocations against what the file defines are applied. What it
/// does not define lies on a page of its own behind everything, in no section: a branch there leaves the area.
/// </remarks>
public static class ObjectLayout
{
    private const ushort Object = 1, Executable = 2, FirstReserved = 0xff00, AbsoluteIndex = 0xfff1;
    private const ulong Base = 0x10000, Page = 4096, Most = 1ul << 40;

    /// <summary>The file itself when it is linked, otherwise one with addresses, which the caller owns as well.</summary>
    /// <exception cref="MalformedImageException">The object's tables contradict each other.</exception>
    public static ElfFile Resolve(ElfFile file)
    {
        if (file.Type != Object || !file.Is64) return file;
        byte[] bytes = file.Source.Slice(0, (ulong)file.Source.Length, "object").ToArray();
        (ulong[] addresses, ulong outside) = Place(file);
        ulong headers = BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(40));
        int headerSize = BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(58));
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(16), Executable);
        foreach (ElfSection section in file.Sections)
            if (addresses[section.Index] != 0)
                BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan((int)headers + (section.Index * headerSize) + 16), addresses[section.Index]);
        MoveSymbols(file, bytes, addresses);
        foreach (ElfSection section in file.Sections)
            if (section.Type == ElfSection.Rela && section.Info < (uint)addresses.Length) Relocate(file, bytes, section, addresses, outside);
        return ElfFile.Read(ByteSource.FromBytes(bytes, file.Source.Name));
    }

    private static (ulong[] Addresses, ulong Outside) Place(ElfFile file)
    {
        var addresses = new ulong[file.Sections.Count];
        ulong at = Base;
        foreach (ElfSection section in file.Sections.Where(s => s.IsAllocated).OrderBy(s => s.Name == ".ace" ? 0 : 1).ThenBy(s => s.Index))
        {
            if (section.Size > Most || at > Most) throw new MalformedImageException($"section {section.Name}", "it is too large to lay out");
            addresses[section.Index] = at;
            at = (at + section.Size + Page) & ~(Page - 1);
        }

        return (addresses, at + Page);
    }

    private static void MoveSymbols(ElfFile file, byte[] bytes, ulong[] addresses)
    {
        ElfSection? table = file.Sections.FirstOrDefault(s => s.Type == ElfSection.SymTab);
        for (int i = 0; table is not null && i < file.Symbols.Count; i++)
        {
            ElfSymbol symbol = file.Symbols[i];
            if (symbol.SectionIndex is 0 or >= FirstReserved || symbol.SectionIndex >= addresses.Length) continue;
            BinaryPrimitives.WriteUInt64LittleEndian(
                bytes.AsSpan((int)table.Offset + (i * 24) + 8), symbol.Address + addresses[symbol.SectionIndex]);
        }
    }

    private static void Relocate(ElfFile file, byte[] bytes, ElfSection section, ulong[] addresses, ulong outside)
    {
        ElfSection target = section.Info < file.Sections.Count ? file.Sections[(int)section.Info] : file.Sections[0];
        if (!target.HasBytes || !target.IsAllocated) return;
        foreach (ElfRelocation relocation in file.ReadRelocations(section))
        {
            ulong value = relocation.Symbol < (uint)file.Symbols.Count
                ? AddressOf(file.Symbols[(int)relocation.Symbol], addresses, outside) + (ulong)relocation.Addend
                : outside;
            ulong place = addresses[target.Index] + relocation.Offset;
            (int size, ulong word) = relocation.Type switch // System V ABI, AMD64: R_X86_64_64, PC32, PLT32, 32, 32S, PC64
            {
                1 => (8, value),
                2 or 4 => (4, value - place),
                10 or 11 => (4, value),
                24 => (8, value - place),
                _ => (0, 0ul),
            };
            if (size == 0 || relocation.Offset > target.Size || target.Size - relocation.Offset < (ulong)size) continue;
            Span<byte> at = bytes.AsSpan((int)(target.Offset + relocation.Offset), size);
            if (size == 8) BinaryPrimitives.WriteUInt64LittleEndian(at, word);
            else BinaryPrimitives.WriteUInt32LittleEndian(at, (uint)word);
        }
    }

    private static ulong AddressOf(in ElfSymbol symbol, ulong[] addresses, ulong outside) => symbol.SectionIndex switch
    {
        AbsoluteIndex => symbol.Address,
        0 or >= FirstReserved => outside,
        _ when symbol.SectionIndex >= addresses.Length => outside,
        _ => symbol.Address + addresses[symbol.SectionIndex],
    };
}
