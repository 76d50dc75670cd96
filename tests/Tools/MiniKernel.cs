using PvPatch.Elf;
using PvPatch.Kernel;
using PvPatch.Patching;
using PvPatch.Platforms;
using PvPatch.Sites;

namespace PvPatch.Tests.Tools;

/// <summary>A kernel image in memory with all that the passes ask of it: the fixture, or what a test made of its bytes.</summary>
internal sealed class MiniKernel : IDisposable
{
    public MiniKernel(byte[]? bytes = null)
    {
        Image = KernelImage.Read(bytes is null ? ByteSource.Open(TestPaths.Mini) : ByteSource.FromBytes(bytes));
        Sites = SiteTable.Read(Image);
        Places = new KernelPlaces(Image);
        Ops = OpTable.Read(Image, Places);
        Features = FeatureNames.Load(Image.Era.FeatureNames);
    }

    public KernelImage Image { get; }

    public SiteTable Sites { get; }

    public KernelPlaces Places { get; }

    public OpTable Ops { get; }

    public FeatureNames Features { get; }

    /// <summary>The fixture's symbols, as nm tells them.</summary>
    public static IReadOnlyDictionary<string, ulong> Symbols { get; } = Binutils.Symbols(TestPaths.Mini);

    /// <summary>One of the fixture's hand-written profiles.</summary>
    public static CpuProfile Profile(string name) =>
        CpuProfileJson.Read(File.ReadAllBytes(Path.Combine(TestPaths.Data, "profiles", $"{name}.json")));

    /// <summary>A profile with these features and nothing else.</summary>
    public static CpuProfile With(params string[] features) =>
        new() { Name = "test", Source = "test", Features = [.. features.Select(f => $"X86_FEATURE_{f}")] };

    /// <summary>Applies a profile.</summary>
    public Target MakeTarget(CpuProfile profile) => Target.Resolve(Image, Places, Ops, Features, profile);

    /// <summary>A target with these features and nothing else.</summary>
    public Target MakeTarget(params string[] features) => MakeTarget(With(features));

    /// <summary>Plans all passes.</summary>
    public Plan MakePlan(CpuProfile profile) => Plan.Make(Image, Sites, MakeTarget(profile));

    /// <summary>The file's bytes with the text that a plan leaves.</summary>
    public byte[] Rewritten(CpuProfile profile)
    {
        Plan plan = MakePlan(profile);
        byte[] file = Image.Elf.Source.Slice(0, (ulong)Image.Elf.Source.Length, "file").ToArray();
        for (int i = 0; i < plan.Text.Sections.Count; i++)
            plan.Text.GetContents(i).CopyTo(file.AsSpan((int)plan.Text.Sections[i].Offset));
        return file;
    }

    public void Dispose() => Image.Dispose();
}
