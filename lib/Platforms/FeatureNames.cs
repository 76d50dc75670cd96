using System.Globalization;
using PvPatch.Sites;

namespace PvPatch.Platforms;

/// <summary>The names of CPU feature and bug bits in one era: 272 is X86_FEATURE_XENPV in Linux 6.1.</summary>
public sealed class FeatureNames
{
    private readonly Dictionary<int, string> names = [];
    private readonly Dictionary<string, int> numbers = new(StringComparer.Ordinal);

    private FeatureNames(Stream list)
    {
        using var reader = new StreamReader(list);
        while (reader.ReadLine() is { } line)
        {
            if (line.StartsWith('#')) continue;
            string[] parts = line.Split(' ');
            int number = (int.Parse(parts[0], CultureInfo.InvariantCulture) * 32) + int.Parse(parts[1], CultureInfo.InvariantCulture);
            names[number] = parts[2];
            numbers[parts[2]] = number;
        }
    }

    /// <summary>All numbers that have a name.</summary>
    public IReadOnlyDictionary<int, string> All => names;

    /// <summary>The list of an era (<see cref="Kernel.Era.FeatureNames"/>).</summary>
    public static FeatureNames Load(string era)
    {
        Stream? list = typeof(FeatureNames).Assembly.GetManifestResourceStream($"PvPatch.Platforms.Data.x86-features-{era}.txt");
        return new FeatureNames(list ?? throw new ArgumentException($"no feature list for {era}", nameof(era)));
    }

    /// <summary>A bit's name, or <c>word*32+bit</c> where it has none.</summary>
    public string NameOf(int number) => names.GetValueOrDefault(number) ?? $"{number / 32}*32+{number % 32}";

    /// <summary>A test as the kernel's sources write it: <c>ALT_NOT(X86_FEATURE_XENPV)</c>.</summary>
    public string Describe(FeatureTest test) => test.Not ? $"ALT_NOT({NameOf(test.Number)})" : NameOf(test.Number);

    /// <summary>The number of a name, or of <c>word*32+bit</c>.</summary>
    public bool TryFind(string name, out int number)
    {
        if (numbers.TryGetValue(name, out number)) return true;
        int times = name.IndexOf("*32+", StringComparison.Ordinal);
        if (times <= 0
            || !int.TryParse(name.AsSpan(0, times), NumberStyles.None, CultureInfo.InvariantCulture, out int word)
            || !int.TryParse(name.AsSpan(times + 4), NumberStyles.None, CultureInfo.InvariantCulture, out int bit)
            || word >= 64 || bit >= 32) return false;
        number = (word * 32) + bit;
        return true;
    }
}
