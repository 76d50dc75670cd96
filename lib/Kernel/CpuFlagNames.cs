using PvPatch.Elf;

namespace PvPatch.Kernel;

/// <summary>The words a kernel prints for feature and bug bits in /proc/cpuinfo (x86_cap_flags, x86_bug_flags).</summary>
public static class CpuFlagNames
{
    private const int MaxName = 32;

    /// <summary>Word → bit number; <paramref name="bugs"/> asks for those of the line “bugs”.</summary>
    /// <exception cref="MalformedImageException">The image does not have the tables.</exception>
    public static IReadOnlyDictionary<string, int> Read(KernelImage image, bool bugs)
    {
        (ulong start, ulong count) = Table(image, "x86_cap_flags");
        ulong first = 0;
        if (bugs)
        {
            first = count;
            (start, count) = Table(image, "x86_bug_flags");
        }

        var names = new Dictionary<string, int>(StringComparer.Ordinal);
        for (ulong i = 0; i < count; i++)
            if (image.Memory.TryReadWord(start + (i * 8), out ulong text) && text != 0 && image.ReadString(text, MaxName) is { } name)
                names.TryAdd(name, (int)(first + i));
        return names;
    }

    private static (ulong Start, ulong Count) Table(KernelImage image, string symbol)
    {
        const ulong mostBits = 32 * 32;
        if (!image.Symbols.TryFind(symbol, out ElfSymbol table) || table.Size == 0)
            throw new MalformedImageException($"symbol {symbol}", "without it the flags of a text capture have no numbers");
        return (table.Address, Math.Min(table.Size / 8, mostBits));
    }
}
