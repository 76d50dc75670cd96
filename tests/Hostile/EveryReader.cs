using PvPatch.Checking;
using PvPatch.Elf;
using PvPatch.Kernel;
using PvPatch.Patching;
using PvPatch.Platforms;
using PvPatch.Sites;
using PvPatch.X86;

namespace PvPatch.Tests.Hostile;

/// <summary>Everything the library does with an image, from the first header to the last byte of a plan.</summary>
internal static class EveryReader
{
    private static readonly FeatureNames Features = FeatureNames.Load("6.1");
    private static readonly CpuProfile[] Profiles =
    [
        BaselineProfile.Load(),
        .. new[] { "up-lfence", "no-mitigation" }.Select(p => CpuProfileJson.Read(File.ReadAllBytes(Path.Combine(TestPaths.Data, "profiles", $"{p}.json")))),
    ];

    private static readonly KernelImage Original = KernelImage.Open(TestPaths.Mini);
    private static readonly SiteTable OriginalSites = SiteTable.Read(Original);
    private static readonly SiteCatalog OriginalCatalog = new(Original, OriginalSites, OpTable.Read(Original, new KernelPlaces(Original)), Features);

    static EveryReader()
    {
        // What is shared by all threads is computed before they start.
        _ = OriginalSites.All.Count + Original.Symbols.Describe(0).Length;
        _ = Original.Btf;
    }

    /// <summary>Reads an image, and everything in it.</summary>
    /// <returns>Whether it was accepted to the end; refusals are as good.</returns>
    public static bool Read(byte[] bytes)
    {
        try
        {
            using KernelImage image = KernelImage.Read(ByteSource.FromBytes(bytes));
            _ = image.Elf.ReadBuildId();
            foreach (ElfSection section in image.Elf.Sections)
                if (section.Type is ElfSection.Rel or ElfSection.Rela) Refusable(() => image.Elf.ReadRelocations(section));
            Refusable(() => CpuFlagNames.Read(image, bugs: false));
            Refusable(() => CpuFlagNames.Read(image, bugs: true));
            return Read(image);
        }
        catch (MalformedImageException error)
        {
            Assert.NotEmpty(error.Place);
            Assert.NotEmpty(error.Reason);
            return false;
        }
    }

    /// <summary>Reads, plans, verifies, describes and compares an image.</summary>
    private static bool Read(KernelImage image)
    {
        SiteTable sites = SiteTable.Read(image);
        var places = new KernelPlaces(image);
        OpTable ops = OpTable.Read(image, places);
        var catalog = new SiteCatalog(image, sites, ops, Features);
        bool whole = true;
        foreach (CpuProfile profile in Profiles)
            whole &= Refusable(() =>
            {
                Target target = Target.Resolve(image, places, ops, Features, profile);
                Plan plan = Plan.Make(image, sites, target);
                _ = new PlanTotals(image, plan);
                foreach (Patch patch in plan.Patches) Assert.Equal(plan.OldBytes(patch).Length, plan.NewBytes(patch).Length);
            });
        whole &= Refusable(() => Describe(image, sites, catalog));
        whole &= Refusable(() => ImageVerifier.Verify(image, sites));
        whole &= Refusable(() => SiteDiff.Compare(Original, OriginalCatalog, OriginalSites, image, catalog, sites));
        return whole;
    }

    private static void Describe(KernelImage image, SiteTable sites, SiteCatalog catalog)
    {
        var disassembler = new Disassembler(image.Symbols);
        foreach (Site site in sites.All)
        {
            Assert.NotNull(catalog.Describe(site));
            ReadOnlySpan<byte> code = image.Memory.Slice(site.Address, (ulong)site.Length, "site");
            if (site.Kind is not SiteKind.Return) disassembler.Lines(code, site.Address);
            Assert.InRange(sites.FirstEndingAfter(site.Address), 0, sites.All.Count);
        }
    }

    private static bool Refusable(Action action)
    {
        try
        {
            action();
            return true;
        }
        catch (MalformedImageException)
        {
            return false;
        }
    }
}
