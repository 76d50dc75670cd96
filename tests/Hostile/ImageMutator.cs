using System.Buffers.Binary;

namespace PvPatch.Tests.Hostile;

/// <summary>Spoils the fixture kernel in one to four ways at once: what a fuzzer, a broken disk or an attacker would try.</summary>
internal static class ImageMutator
{
    private static readonly int[] HeaderFields = [4, 5, 6, 16, 18, 20, 24, 32, 40, 48, 52, 54, 56, 58, 60, 62];
    private static readonly int[] SectionFields = [0, 4, 8, 16, 24, 32, 40, 44, 48, 56];
    private static readonly int[] SegmentFields = [0, 4, 8, 16, 24, 32, 40, 48];
    private static readonly int[] SymbolFields = [0, 4, 5, 6, 8, 16];

    /// <summary>A spoiled copy.</summary>
    public static byte[] Mutate(Random random)
    {
        byte[] image = [.. MiniLayout.Bytes];
        for (int times = 1 + random.Next(4); times > 0; times--) image = MutateOnce(random, image);
        return image;
    }

    private static byte[] MutateOnce(Random random, byte[] image)
    {
        int kind = random.Next(100);
        if (image.Length < MiniLayout.Bytes.Length) kind = 99; // cut already: what the layout says may be gone
        switch (kind)
        {
            case < 6:
                Set(random, image, HeaderFields[random.Next(HeaderFields.Length)]);
                break;
            case < 18:
                Set(random, image, MiniLayout.SectionHeaders + (random.Next(MiniLayout.Sections) * 64) + SectionFields[random.Next(SectionFields.Length)]);
                break;
            case < 24:
                Set(random, image, 64 + (random.Next(MiniLayout.Segments) * 56) + SegmentFields[random.Next(SegmentFields.Length)]);
                break;
            case < 36:
                Set(random, image, MiniLayout.SymbolTable + (random.Next(MiniLayout.Symbols) * 24) + SymbolFields[random.Next(SymbolFields.Length)]);
                break;
            case < 42:
                CopySectionHeader(random, image, swap: random.Next(2) == 0);
                break;
            case < 46:
                return image[..random.Next(image.Length)];
            case < 85:
                (int offset, int length) = MiniLayout.Ranges[random.Next(MiniLayout.Ranges.Count)];
                if (random.Next(2) == 0) Set(random, image, offset + (random.Next(length) & ~1));
                else PointAnywhere(random, image, offset + (random.Next(length) & ~3));
                break;
            default:
                for (int flips = 1 + random.Next(8); flips > 0 && image.Length != 0; flips--)
                    image[random.Next(image.Length)] ^= (byte)(1 << random.Next(8));
                break;
        }

        return image;
    }

    private static void CopySectionHeader(Random random, byte[] image, bool swap)
    {
        Span<byte> one = image.AsSpan(MiniLayout.SectionHeaders + (random.Next(MiniLayout.Sections) * 64), 64);
        Span<byte> two = image.AsSpan(MiniLayout.SectionHeaders + (random.Next(MiniLayout.Sections) * 64), 64);
        Span<byte> kept = stackalloc byte[64];
        one.CopyTo(kept);
        int from = random.Next(2) * 8; // with its name, or all but its name and type
        two[from..].CopyTo(one[from..]);
        if (swap) kept[from..].CopyTo(two[from..]);
    }

    private static void Set(Random random, byte[] image, int offset)
    {
        int size = 1 << random.Next(4);
        if (offset + size > image.Length) return;
        Span<byte> word = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(word, Interesting(random, image.Length));
        word[..size].CopyTo(image.AsSpan(offset));
    }

    // A relative record, or a pointer, to somewhere in the image or just outside of one of its sections.
    private static void PointAnywhere(Random random, byte[] image, int offset)
    {
        ulong address = MiniLayout.Addresses[random.Next(MiniLayout.Addresses.Count)] + (ulong)random.Next(-16, 17);
        if (random.Next(4) == 0 && offset + 8 <= image.Length) BinaryPrimitives.WriteUInt64LittleEndian(image.AsSpan(offset), address);
        else if (offset + 4 <= image.Length)
            BinaryPrimitives.WriteInt32LittleEndian(image.AsSpan(offset), (int)(address - (0xffffffff81000000 + (ulong)(offset - 0x1000))));
    }

    private static ulong Interesting(Random random, int length) => random.Next(16) switch
    {
        0 => 0,
        1 => 1,
        2 => ulong.MaxValue,
        3 => 0x7fffffff,
        4 => 0x80000000,
        5 => 1ul << 63,
        6 => (ulong)(length + random.Next(-64, 65)),
        7 => 0xffff,
        8 => 0x7fffffffffffffff,
        9 => MiniLayout.Addresses[random.Next(MiniLayout.Addresses.Count)],
        10 => 0xffffffff81000000 + (ulong)random.Next(0x8000),
        11 => ulong.MaxValue - (ulong)random.Next(64),
        12 => (ulong)random.Next(256),
        13 => (ulong)random.Next(0x10000),
        14 => 0xffffffffffffffff << random.Next(64),
        _ => (ulong)random.NextInt64(),
    };
}
