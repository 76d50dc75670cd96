using System.Text;
using PvPatch.Kernel;
using PvPatch.Patching;
using PvPatch.Platforms;
using PvPatch.Sites;

namespace PvPatch.Tests.Hostile;

/// <summary>Spoiled profiles and captures: text that people edit by hand and download.</summary>
[Collection(AloneCollection.Name)]
public sealed class MutatedTextTests : IDisposable
{
    private const int Texts = 4_000;

    private static readonly string[] Scraps =
    [
        "null", "-1", "0", "1e999", "99999999999999999999", "[]", "{}", "\"\"", "\"\\ud800\"", "true", "\"40*32+1\"", "\"0*32+0\"",
        "\"pv_ops\"", "\"_text+0xffffffffffffffff\"", "\"0xffffffffffffffff\"", "[[[[[[[[", ",", ":", "{\"a\":", "\n\n", "\0", "\u001b[2J", "flags", "processor",
        "0-2147483647", "4294967295-1", "0-1048575,0-1048575", "== /proc/cpuinfo ==\n", "==", "maxcpus=1", "\"irq.irq_disable\": null",
    ];

    private readonly KernelImage image = KernelImage.Open(TestPaths.Mini);
    private readonly SiteTable sites;
    private readonly FeatureNames features;
    private readonly KernelPlaces places;
    private readonly OpTable ops;

    public MutatedTextTests()
    {
        sites = SiteTable.Read(image);
        features = FeatureNames.Load(image.Era.FeatureNames);
        places = new KernelPlaces(image);
        ops = OpTable.Read(image, places);
        _ = image.Symbols.Describe(0);
    }

    public void Dispose() => image.Dispose();

    [Fact]
    public void NoProfileCrashesOrHangs()
    {
        string sound = File.ReadAllText(Path.Combine(TestPaths.Data, "profiles", "up-lfence.json"))
            .Replace("\"unknown\": []", "\"ops\": { \"irq.irq_disable\": \"native_halt\" }, \"lateStaticCalls\": [ \"__SCK__mini_tick\" ], \"unknown\": [ { \"what\": \"a\", \"why\": \"b\" } ]", StringComparison.Ordinal);
        int accepted = Campaign.Run(Texts, number =>
        {
            try
            {
                CpuProfile profile = CpuProfileJson.Read(Encoding.UTF8.GetBytes(Mutate(sound, HostileSeed.For(number))));
                CpuProfileJson.Write(Stream.Null, profile);
                Plan.Make(image, sites, Target.Resolve(image, places, ops, features, profile));
                return true;
            }
            catch (MalformedImageException)
            {
                return false;
            }
        });
        Assert.InRange(accepted, Texts / 50, Texts - 1);
    }

    [Fact]
    public void NoCaptureCrashesOrHangs()
    {
        const string sound =
            """
            == /proc/cpuinfo ==
            processor	: 0
            vendor_id	: GenuineIntel
            cpu family	: 6
            model name	: A CPU
            flags		: fpu de pse tsc sse2 smap erms
            bugs		: spectre_v1 spectre_v2 retbleed

            processor	: 1

            == /proc/cmdline ==
            root=/dev/sda maxcpus=2
            == /sys/devices/system/cpu/present ==
            0-3,5
            == /sys/devices/system/cpu/vulnerabilities/spectre_v2 ==
            Mitigation: Retpolines; IBPB: conditional; RSB filling
            == /sys/devices/system/cpu/vulnerabilities/retbleed ==
            Mitigation: untrained return thunk; SMT enabled

            """;
        int accepted = Campaign.Run(Texts, number =>
        {
            try
            {
                CpuCapture capture = CpuCapture.Parse(Mutate(sound, HostileSeed.For(number)));
                CpuProfileJson.Write(Stream.Null, CaptureProfile.Read(image, sites, features, capture, "test"));
                return true;
            }
            catch (MalformedImageException)
            {
                return false;
            }
        });
        Assert.InRange(accepted, Texts / 50, Texts);
    }

    [Fact]
    public void AListOfEveryCpuManyTimesOverIsOnlyANumber()
    {
        string present = string.Join(',', Enumerable.Repeat("0-2147483646", 5000));
        CpuCapture capture = CpuCapture.Parse($"== /proc/cpuinfo ==\nflags : fpu\n\n== /sys/devices/system/cpu/present ==\n{present}\n");
        Assert.InRange(capture.Present, 1, 1 << 20);
    }

    private static string Mutate(string text, Random random)
    {
        for (int times = 1 + random.Next(4); times > 0; times--)
        {
            int at = random.Next(text.Length), length = random.Next(4) == 0 ? random.Next(text.Length - at) : random.Next(Math.Min(20, text.Length - at));
            text = random.Next(4) switch
            {
                0 => text.Remove(at, length),
                1 => text.Insert(at, Scraps[random.Next(Scraps.Length)]),
                2 => ReplaceWord(text, at, Scraps[random.Next(Scraps.Length)]),
                _ => text[..at] + (char)random.Next(256) + text[(at + 1)..],
            };
            if (text.Length == 0) text = " ";
        }

        return text;
    }

    // A whole value, so that the text stays what it was but for this one word.
    private static string ReplaceWord(string text, int at, string scrap)
    {
        const string edges = "\n :,[]{}";
        (int from, int to) = (at, at);
        while (from > 0 && !edges.Contains(text[from - 1], StringComparison.Ordinal)) from--;
        while (to < text.Length && !edges.Contains(text[to], StringComparison.Ordinal)) to++;
        return text[..from] + scrap + text[to..];
    }
}
