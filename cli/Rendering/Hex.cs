namespace PvPatch.Cli.Rendering;

/// <summary>Numbers as this tool writes them.</summary>
internal static class Hex
{
    /// <summary>An address or word in JSON: <c>0xffffffff81000000</c>.</summary>
    public static string Word(ulong value) => $"0x{value:x}";

    /// <summary>An address in a column of text.</summary>
    public static string Column(ulong value) => value.ToString("x16", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Bytes, without blanks.</summary>
    public static string Bytes(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(bytes);
}
