namespace PvPatch.X86;

/// <summary>The NOPs the kernel writes on x86-64 (x86_nops since 5.13: the P6 list, 1 to 8 bytes).</summary>
public static class Nops
{
    private const int Longest = 8;

    // Each length's bytes, one after another; a NOP of n bytes begins at n(n-1)/2.
    private static ReadOnlySpan<byte> Table =>
    [
        0x90,
        0x66, 0x90,
        0x0f, 0x1f, 0x00,
        0x0f, 0x1f, 0x40, 0x00,
        0x0f, 0x1f, 0x44, 0x00, 0x00,
        0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00,
        0x0f, 0x1f, 0x80, 0x00, 0x00, 0x00, 0x00,
        0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00,
    ];

    /// <summary>One NOP of 1 to 8 bytes.</summary>
    public static ReadOnlySpan<byte> Of(int length) => Table.Slice(length * (length - 1) / 2, length);

    /// <summary>Fills a range (add_nops, 6.1: eight bytes at a time, then one NOP for the rest).</summary>
    public static void Fill(Span<byte> range)
    {
        while (!range.IsEmpty)
        {
            int length = Math.Min(range.Length, Longest);
            Of(length).CopyTo(range);
            range = range[length..];
        }
    }
}
