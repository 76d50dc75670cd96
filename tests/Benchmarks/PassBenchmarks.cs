using BenchmarkDotNet.Attributes;
using PvPatch.Checking;
using PvPatch.Kernel;
using PvPatch.Patching;
using PvPatch.Platforms;
using PvPatch.Sites;

namespace PvPatch.Benchmarks;

/// <summary>The stages of a rewrite on a real kernel, whose path is in PVPATCH_BENCH_IMAGE (scripts/fetch-kernel prints one).</summary>
[MemoryDiagnoser]
public class PassBenchmarks
{
    private KernelImage image = null!;
    private SiteTable sites = null!;
    private Target target = null!;

    [GlobalSetup]
    public void Open()
    {
        string path = Environment.GetEnvironmentVariable("PVPATCH_BENCH_IMAGE")
            ?? throw new InvalidOperationException("set PVPATCH_BENCH_IMAGE to a vmlinux");
        image = KernelImage.Open(path);
        sites = SiteTable.Read(image);
        var places = new KernelPlaces(image);
        target = Target.Resolve(
            image, places, OpTable.Read(image, places), FeatureNames.Load(image.Era.FeatureNames), BaselineProfile.Load());
    }

    [Benchmark]
    public SiteTable ReadSites() => SiteTable.Read(image);

    [Benchmark]
    public Plan MakePlan() => Plan.Make(image, sites, target);

    [Benchmark]
    public IReadOnlyList<Finding> Verify() => ImageVerifier.Verify(image, sites);
}
