using System.Globalization;

namespace PvPatch.Images;

/// <summary>Addresses as people write them in hex.</summary>
public static class HexAddress
{
    /// <summary>Reads <c>0x…</c>; a kernel address may also be written as 16 bare digits.</summary>
    public static bool TryParse(string text, out ulong value)
    {
        bool prefixed = text.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        ReadOnlySpan<char> digits = prefixed ? text.AsSpan(2) : text;
        value = 0;
        return (prefixed || digits.Length == 16)
            && ulong.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
    }
}
