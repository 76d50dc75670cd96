namespace PvPatch;

/// <summary>Text out of a foreign file, made fit for a terminal and for a line.</summary>
public static class PrintableText
{
    /// <summary>The text with every control character (line feed, escape …) replaced by a question mark.</summary>
    public static string Of(string text) =>
        text.AsSpan().IndexOfAnyInRange('\0', '\x1f') < 0 && text.AsSpan().IndexOfAnyInRange('\x7f', '\x9f') < 0
            ? text
            : string.Create(text.Length, text, static (output, source) =>
            {
                for (int i = 0; i < output.Length; i++) output[i] = char.IsControl(source[i]) ? '?' : source[i];
            });
}
