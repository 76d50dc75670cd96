using System.Text;

namespace PvPatch.Elf;

/// <summary>The symbols of an image: looked up by name through a hash, and by address through a sorted index.</summary>
/// <remarks>Names stay bytes until asked for: a kernel has 120,000 of them and a run needs a few hundred.</remarks>
public sealed class ElfSymbolTable
{
    private const int LookBack = 64; // labels or aliases to pass over; beyond that the nearest symbol is as good a name
    private readonly ByteSource? source;
    private readonly ulong stringsOffset;
    private readonly int stringsLength;
    private readonly ElfSymbol[] symbols;
    private readonly IReadOnlyList<ElfSection> sections;
    private readonly ElfSection[] textSections;
    private readonly Lazy<int[]> nameSlots;
    private readonly Lazy<(ulong[] Addresses, int[] Order)> byAddress;

    private ElfSymbolTable(
        ByteSource? source, ulong stringsOffset, int stringsLength, ElfSymbol[] symbols, IReadOnlyList<ElfSection> sections)
    {
        const int most = 64; // a kernel has a handful; nobody pays for more
        this.sections = sections;
        textSections = [.. sections.Where(s => s.IsExecutable && s.Name.Length != 0).Take(most)];
        (this.source, this.stringsOffset, this.stringsLength) = (source, stringsOffset, stringsLength);
        this.symbols = symbols;
        nameSlots = new Lazy<int[]>(HashNames);
        byAddress = new Lazy<(ulong[], int[])>(SortByAddress);
    }

    /// <summary>How many symbols there are.</summary>
    public int Count => symbols.Length;

    /// <summary>The symbol at an index of the table.</summary>
    public ElfSymbol this[int index] => symbols[index];

    private ReadOnlySpan<byte> Strings =>
        source is null ? default : source.Slice(stringsOffset, (ulong)stringsLength, "symbol names");

    /// <summary>The symbol's name.</summary>
    public string GetName(in ElfSymbol symbol) => ElfName.Text(NameBytes(Strings, symbol.NameOffset));

    /// <summary>Whether the symbol's name begins so.</summary>
    public bool NameStartsWith(in ElfSymbol symbol, ReadOnlySpan<byte> prefix) =>
        NameBytes(Strings, symbol.NameOffset).StartsWith(prefix);

    /// <summary>Finds a defined symbol by its exact name; a global one is preferred to a local one, then the first.</summary>
    public bool TryFind(string name, out ElfSymbol symbol)
    {
        int[] slots = nameSlots.Value;
        ReadOnlySpan<byte> wanted = Encoding.Latin1.GetBytes(name);
        ReadOnlySpan<byte> strings = Strings;
        for (uint slot = Hash(wanted); slots[slot & (slots.Length - 1)] is var entry and not 0; slot++)
        {
            symbol = symbols[entry - 1];
            if (NameBytes(strings, symbol.NameOffset).SequenceEqual(wanted)) return true;
        }

        symbol = default;
        return false;
    }

    /// <summary>Finds a symbol's address by name.</summary>
    public bool TryFindAddress(string name, out ulong address)
    {
        bool found = TryFind(name, out ElfSymbol symbol);
        address = symbol.Address;
        return found;
    }

    /// <summary>The symbol that best names an address: the nearest at or below it, functions and objects before labels.</summary>
    /// <remarks>A label inside a function does not hide the function unless the address lies beyond the function's end.</remarks>
    public bool TryFindContaining(ulong address, out ElfSymbol symbol)
    {
        ulong[] addresses = byAddress.Value.Addresses;
        int at = LastAtOrBelow(addresses, address);
        for (int i = at; i >= 0 && at - i < LookBack; i--)
        {
            ElfSymbol candidate = AtSorted(i);
            if (candidate.Type is not (ElfSymbol.Function or ElfSymbol.Object)) continue;
            if (address - candidate.Address >= Math.Max(candidate.Size, 1)) continue;
            symbol = BestAlias(i);
            return true;
        }

        symbol = at < 0 ? default : BestAlias(at);
        return at >= 0;
    }

    /// <summary>Whether some symbol stands exactly at the address.</summary>
    public bool IsSymbolAt(ulong address) => Array.BinarySearch(byAddress.Value.Addresses, address) >= 0;

    /// <summary>Whether a function, or a label of assembly, stands exactly at the address.</summary>
    public bool IsEntryAt(ulong address)
    {
        ulong[] addresses = byAddress.Value.Addresses;
        int at = Array.BinarySearch(addresses, address);
        if (at < 0) return false;
        while (at > 0 && addresses[at - 1] == address) at--;
        for (int i = at; i < addresses.Length && addresses[i] == address && i - at < LookBack; i++)
            if (AtSorted(i).Type is ElfSymbol.Function or ElfSymbol.NoType) return true;
        return false;
    }

    /// <summary>The addresses of all placed symbols, ascending; aliases repeat theirs.</summary>
    public ReadOnlySpan<ulong> SortedAddresses => byAddress.Value.Addresses;

    /// <summary>The symbols in the order of <see cref="SortedAddresses"/>.</summary>
    public ElfSymbol AtSorted(int position) => symbols[byAddress.Value.Order[position]];

    /// <summary>An address as <c>symbol+0xoffset</c>, or in hex where no symbol lies below it.</summary>
    public string Describe(ulong address) =>
        !TryFindContaining(address, out ElfSymbol symbol) ? $"0x{address:x}"
        : FindOtherSection(symbol, address) is { } section ? $"{section.Name}+0x{address - section.Address:x}"
        : symbol.Address == address ? GetName(symbol)
        : $"{GetName(symbol)}+0x{address - symbol.Address:x}";

    // A place in a section without symbols is no part of the symbol that happens to lie before that section.
    private ElfSection? FindOtherSection(in ElfSymbol symbol, ulong address)
    {
        if (symbol.Address == address || symbol.SectionIndex >= sections.Count || sections[symbol.SectionIndex].Contains(address)) return null;
        return textSections.FirstOrDefault(s => s.Contains(address));
    }

    internal static ElfSymbolTable Read(ElfFile file)
    {
        ElfSection? table = file.Sections.FirstOrDefault(s => s.Type == ElfSection.SymTab);
        if (table is null) return new ElfSymbolTable(null, 0, 0, [], []);
        if (table.Link >= file.Sections.Count)
            throw new MalformedImageException($"section {table.Name}", $"its string table {table.Link} does not exist");
        ElfSection strings = file.Sections[(int)table.Link];
        int stringsLength = file.GetContents(strings).Length;
        int size = file.Is64 ? 24 : 16;
        ReadOnlySpan<byte> bytes = file.GetContents(table);
        if (bytes.Length % size != 0)
            throw new MalformedImageException($"section {table.Name}", $"its size is not a multiple of {size}");
        var symbols = new ElfSymbol[bytes.Length / size];
        for (int i = 0; i < symbols.Length; i++)
        {
            ReadOnlySpan<byte> entry = bytes.Slice(i * size, size);
            uint name = ElfReader.U32(entry, 0);
            if (name >= stringsLength && name != 0)
                throw new MalformedImageException($"symbol {i}", $"its name 0x{name:x} lies outside of the string table");
            byte info = entry[file.Is64 ? 4 : 12];
            symbols[i] = new ElfSymbol(
                file.Is64 ? ElfReader.U64(entry, 8) : ElfReader.U32(entry, 4),
                file.Is64 ? ElfReader.U64(entry, 16) : ElfReader.U32(entry, 8),
                (int)name,
                (byte)(info & 15),
                (byte)(info >> 4),
                ElfReader.U16(entry, file.Is64 ? 6 : 14));
        }

        return new ElfSymbolTable(file.Source, strings.Offset, stringsLength, symbols, file.Sections);
    }

    private ElfSymbol BestAlias(int last)
    {
        ElfSymbol best = AtSorted(last);
        ReadOnlySpan<byte> strings = Strings;
        for (int i = last - 1; i >= 0 && last - i < LookBack && byAddress.Value.Addresses[i] == best.Address; i--)
        {
            ElfSymbol other = AtSorted(i);
            int order = Rank(other).CompareTo(Rank(best));

            // Between equals the name decides, so that two builds of one kernel call a place the same.
            if (order == 0) order = CompareNames(NameBytes(strings, best.NameOffset), NameBytes(strings, other.NameOffset));
            if (order > 0) best = other;
        }

        return best;
    }

    private static int Rank(in ElfSymbol symbol) =>
        (symbol.Type is ElfSymbol.Function or ElfSymbol.Object ? 4 : 0) + (symbol.Size != 0 ? 2 : 0) + (symbol.Binding == 1 ? 1 : 0);

    // memcpy before __memcpy: the plain name is the one people look for.
    private static int CompareNames(ReadOnlySpan<byte> one, ReadOnlySpan<byte> two)
    {
        int underscores = (one.Length - one.TrimStart((byte)'_').Length).CompareTo(two.Length - two.TrimStart((byte)'_').Length);
        return underscores != 0 ? underscores : one.SequenceCompareTo(two);
    }

    // Not Array.BinarySearch: of a million symbols at one address it finds any, and the last of them is wanted.
    private static int LastAtOrBelow(ulong[] addresses, ulong address)
    {
        int low = 0;
        for (int high = addresses.Length; low < high;)
        {
            int middle = (low + high) >>> 1;
            if (addresses[middle] <= address) low = middle + 1;
            else high = middle;
        }

        return low - 1;
    }

    private static ReadOnlySpan<byte> NameBytes(ReadOnlySpan<byte> strings, int offset) => ElfName.Bytes(strings, (uint)offset);

    // Seeded anew in every process: names that collide cannot be prepared.
    private static uint Hash(ReadOnlySpan<byte> name)
    {
        var hash = default(HashCode);
        hash.AddBytes(name);
        return (uint)hash.ToHashCode();
    }

    private int[] HashNames()
    {
        var slots = new int[(int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(symbols.Length * 2, 1))];
        ReadOnlySpan<byte> strings = Strings;
        for (int i = 0; i < symbols.Length; i++)
        {
            if (symbols[i].SectionIndex == ElfSymbol.Undefined || symbols[i].NameOffset == 0) continue;
            ReadOnlySpan<byte> name = NameBytes(strings, symbols[i].NameOffset);
            uint slot = Hash(name);
            ref int entry = ref slots[slot & (slots.Length - 1)];
            while (entry != 0 && !name.SequenceEqual(NameBytes(strings, symbols[entry - 1].NameOffset)))
                entry = ref slots[++slot & (slots.Length - 1)];

            // One entry a name, or a file of equal names would cost their square.
            if (entry == 0 || (symbols[entry - 1].Binding == 0 && symbols[i].Binding != 0)) entry = i + 1;
        }

        return slots;
    }

    private (ulong[] Addresses, int[] Order) SortByAddress()
    {
        var order = new List<int>(symbols.Length);
        for (int i = 0; i < symbols.Length; i++)
            if (symbols[i].IsPlace) order.Add(i);
        int[] indexes = [.. order];
        ulong[] addresses = Array.ConvertAll(indexes, i => symbols[i].Address);
        Array.Sort(addresses, indexes);
        return (addresses, indexes);
    }
}
