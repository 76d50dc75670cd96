using System.Text;

namespace PvPatch.Elf;

/// <summary>Names in a string table, cut where no kernel's name reaches.</summary>
/// <remarks>Entries may share the bytes of one long name: read whole, a million of them would cost its length a million times.</remarks>
internal static class ElfName
{
    private const int Longest = 512; // KSYM_NAME_LEN

    /// <summary>The bytes of the name that begins at an offset; none outside of the table.</summary>
    public static ReadOnlySpan<byte> Bytes(ReadOnlySpan<byte> table, uint at)
    {
        if (at >= table.Length) return default;
        ReadOnlySpan<byte> rest = table[(int)at..];
        if (rest.Length > Longest) rest = rest[..Longest];
        int end = rest.IndexOf((byte)0);
        return end < 0 ? rest : rest[..end];
    }

    /// <summary>The name as text that can be printed.</summary>
    public static string Text(ReadOnlySpan<byte> name) => PrintableText.Of(Encoding.Latin1.GetString(name));
}
