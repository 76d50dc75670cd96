using System.Globalization;
using PvPatch.Elf;
using PvPatch.X86;

namespace PvPatch.Ace;

/// <summary>Finds the atomic code area of an image: by options, symbols, or the section <c>.ace</c>.</summary>
public static class AceAreaFinder
{
    private const byte Global = 1;

    /// <summary>Finds it.</summary>
    /// <returns>Null where the image has none.</returns>
    /// <exception cref="MalformedImageException">Its bounds contradict each other, or an entry asked for does not exist.</exception>
    public static AceArea? Find(ElfFile file, AceOptions options)
    {
        if ((options.Area ?? Range(file, "__ace_start", "__ace_end", ".ace")) is not { } area) return null;
        Require(area, "the area");
        AddressRange data = options.Data ?? Range(file, "__ace_data_start", "__ace_data_end", ".ace_data") ?? default;
        AddressRange table = options.Table ?? Range(file, "__ace_table", "__ace_table_end", null) ?? default;
        Require(data, "the ACE data");
        Require(table, "the jump table");
        var entries = new Dictionary<ulong, AceEntry>();
        foreach (string name in options.Entries)
        {
            AceEntry entry = Asked(file, name);
            entries.TryAdd(entry.Address, entry);
        }

        foreach (AceEntry entry in Named(file, area)) entries.TryAdd(entry.Address, entry);
        if (entries.Count == 0)
            foreach (AceEntry entry in InTable(file, area, table)) entries.TryAdd(entry.Address, entry);
        return new AceArea(
            area.Start, area.End, data.Start, data.End, table.Start, table.End, [.. entries.Values.OrderBy(e => e.Address)]);
    }

    /// <summary>What says that an image without an area was meant to have one; null for an image that has nothing to do with it.</summary>
    public static string? Trace(ElfFile file)
    {
        if (file.FindSection(".ace_data") is not null) return "a section .ace_data";
        foreach (string name in (ReadOnlySpan<string>)["__ace_start", "__ace_end", "__ace_table", "__ace_data_start"])
            if (file.Symbols.TryFindAddress(name, out _)) return name;
        return null;
    }

    private static AddressRange? Range(ElfFile file, string start, string end, string? section)
    {
        if (file.Symbols.TryFindAddress(start, out ulong from) && file.Symbols.TryFindAddress(end, out ulong to))
            return new AddressRange(from, to);
        return section is not null && file.FindSection(section) is { IsAllocated: true } found
            ? new AddressRange(found.Address, found.Address + found.Size)
            : null;
    }

    private static void Require(AddressRange range, string what)
    {
        if (range.End < range.Start) throw new MalformedImageException(what, $"it ends at 0x{range.End:x}, before its start 0x{range.Start:x}");
        if (range.End - range.Start > int.MaxValue) throw new MalformedImageException(what, "it is larger than 2 GiB");
    }

    private static IEnumerable<AceEntry> Named(ElfFile file, AddressRange area)
    {
        for (int i = 0; i < file.Symbols.Count; i++)
        {
            ElfSymbol symbol = file.Symbols[i];
            if (symbol.Address < area.Start || symbol.Address >= area.End) continue;
            if (symbol is { Type: ElfSymbol.Function, Binding: Global, IsPlace: true } && file.Symbols.NameStartsWith(symbol, "ace_"u8))
                yield return new AceEntry(file.Symbols.GetName(symbol), symbol.Address);
        }
    }

    private static AceEntry Asked(ElfFile file, string name)
    {
        if (file.Symbols.TryFindAddress(name, out ulong address)) return new AceEntry(name, address);
        ReadOnlySpan<char> digits = name.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? name.AsSpan(2) : name;
        if (ulong.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out address)) return Unnamed(file, address);
        throw new MalformedImageException($"entry {name}", "the image has no such symbol");
    }

    // A stripped area: its table alone says where the routines begin.
    private static List<AceEntry> InTable(ElfFile file, AddressRange area, AddressRange table)
    {
        var image = new AceImage(file);
        var entries = new List<AceEntry>();
        for (ulong slot = table.Start; table.End - slot >= AceArea.SlotSize; slot += AceArea.SlotSize)
        {
            if (!image.TrySlice(slot, Branch.Length, out ReadOnlySpan<byte> code) || code[0] != Branch.Jump) continue;
            ulong target = Branch.Target(code, slot);
            if (target >= area.Start && target < area.End) entries.Add(Unnamed(file, target));
        }

        return entries;
    }

    private static AceEntry Unnamed(ElfFile file, ulong address) =>
        new(file.Symbols.TryFindContaining(address, out ElfSymbol symbol) && symbol.Address == address
            ? file.Symbols.GetName(symbol) : $"0x{address:x}", address);
}
