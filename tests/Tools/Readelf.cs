using System.Globalization;
using System.Text.RegularExpressions;

namespace PvPatch.Tests.Tools;

/// <summary>What <c>readelf -W</c> says of a file, one record a line.</summary>
internal static partial class Readelf
{
    private static readonly string[] Types =
        ["NULL", "PROGBITS", "SYMTAB", "STRTAB", "RELA", "HASH", "DYNAMIC", "NOTE", "NOBITS", "REL", "SHLIB", "DYNSYM"];

    private const int Timeout = 10_000; // milliseconds
    private const string FlagLetters = "WAXxMSILOGT"; // bits 0, 1, 2 … of sh_flags; bit 3 is not in use

    public static IReadOnlyList<ReadelfSection> Sections(string file) =>
        [.. SectionLine().Matches(Binutils.Run("readelf", "-SW", file)).Select(m => new ReadelfSection(
            Decimal(m, "index"), m.Groups["name"].Value, (uint)Array.IndexOf(Types, m.Groups["type"].Value),
            Flags(m.Groups["flags"].Value), Hex(m, "address"), Hex(m, "offset"), Hex(m, "size"), Hex(m, "entry"),
            (uint)Decimal(m, "link"), (uint)Decimal(m, "info")))];

    public static IReadOnlyList<ReadelfSegment> Segments(string file) =>
        [.. SegmentLine().Matches(Binutils.Run("readelf", "-lW", file)).Select(m => new ReadelfSegment(
            m.Groups["type"].Value switch { "LOAD" => 1, "NOTE" => 4, _ => 0x6474e551 },
            Hex(m, "offset"), Hex(m, "address"), Hex(m, "physical"), Hex(m, "file"), Hex(m, "memory"),
            (uint)m.Groups["flags"].Value.Sum(c => c switch { 'R' => 4, 'W' => 2, 'E' => 1, _ => 0 })))];

    public static IReadOnlyList<ReadelfSymbol> Symbols(string file) =>
        [.. SymbolLine().Matches(Binutils.Run("readelf", "-sW", file)).Select(m => new ReadelfSymbol(
            Decimal(m, "index"), Hex(m, "address"), ulong.Parse(m.Groups["size"].Value, CultureInfo.InvariantCulture),
            m.Groups["type"].Value, m.Groups["binding"].Value, m.Groups["section"].Value, m.Groups["name"].Value))];

    public static IReadOnlyList<ReadelfRelocation> Relocations(string file, string section)
    {
        string[] parts = Binutils.Run("readelf", "-rW", file).Split("Relocation section ");
        string part = parts.First(p => p.StartsWith($"'{section}'", StringComparison.Ordinal));
        return [.. RelocationLine().Matches(part).Select(m => new ReadelfRelocation(
            Hex(m, "offset"), Hex(m, "info"), m.Groups["symbol"].Value,
            m.Groups["addend"].Success ? (m.Groups["sign"].Value == "-" ? -1 : 1) * (long)Hex(m, "addend") : 0))];
    }

    /// <summary>A field of <c>readelf -hW</c>.</summary>
    public static string Header(string file, string field) =>
        Regex.Match(Binutils.Run("readelf", "-hW", file), $@"^ *{field}: *(.*)$", RegexOptions.Multiline, TimeSpan.FromSeconds(1))
            .Groups[1].Value;

    private static ulong Flags(string letters) => (ulong)letters.Sum(c => 1L << FlagLetters.IndexOf(c, StringComparison.Ordinal));

    private static ulong Hex(Match match, string group) => Convert.ToUInt64(match.Groups[group].Value, 16);

    private static int Decimal(Match match, string group) => int.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^ *\[ *(?<index>\d+)\] (?<name>\S*) +(?<type>[A-Z]+) +(?<address>[0-9a-f]{8,16}) (?<offset>[0-9a-f]+) (?<size>[0-9a-f]+) (?<entry>[0-9a-f]+) +(?<flags>[A-Z]*) +(?<link>\d+) +(?<info>\d+) +\d+$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, Timeout)]
    private static partial Regex SectionLine();

    [GeneratedRegex(@"^ *(?<type>LOAD|NOTE|GNU_STACK) +0x(?<offset>[0-9a-f]+) 0x(?<address>[0-9a-f]+) 0x(?<physical>[0-9a-f]+) 0x(?<file>[0-9a-f]+) 0x(?<memory>[0-9a-f]+) (?<flags>[RWE ]{3})", RegexOptions.Multiline | RegexOptions.ExplicitCapture, Timeout)]
    private static partial Regex SegmentLine();

    [GeneratedRegex(@"^ *(?<index>\d+): (?<address>[0-9a-f]+) +(?<size>\d+) (?<type>[A-Z]+) +(?<binding>[A-Z]+) +[A-Z]+ +(?<section>\w+) ?(?<name>\S*)$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, Timeout)]
    private static partial Regex SymbolLine();

    [GeneratedRegex(@"^(?<offset>[0-9a-f]{8,16}) +(?<info>[0-9a-f]{8,16}) R_\w+ +[0-9a-f]+ +(?<symbol>\S+)( (?<sign>[+-]) (?<addend>[0-9a-f]+))?$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, Timeout)]
    private static partial Regex RelocationLine();
}
