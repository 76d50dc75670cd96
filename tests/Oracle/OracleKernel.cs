using PvPatch.Elf;
using PvPatch.Images;
using PvPatch.Kernel;
using PvPatch.Patching;
using PvPatch.Platforms;
using PvPatch.Sites;

namespace PvPatch.Tests.Oracle;

/// <summary>An image beside the memory of the machine that ran it.</summary>
public sealed class OracleKernel : IDisposable
{
    private readonly KernelPlaces places;
    private readonly OpTable ops;

    public OracleKernel(string image, string run)
    {
        Run = run;
        Image = KernelImage.Open(image);
        Sites = SiteTable.Read(Image);
        Features = FeatureNames.Load(Image.Era.FeatureNames);
        places = new KernelPlaces(Image);
        ops = OpTable.Read(Image, places);
    }

    /// <summary>The folder of the run.</summary>
    public string Run { get; }

    public KernelImage Image { get; }

    public SiteTable Sites { get; }

    public FeatureNames Features { get; }

    public CpuProfile ProfileFromMemory()
    {
        using MemoryDump dump = MemoryDump.Read(
            ByteSource.Open(Path.Combine(Run, "memory.raw")), new DumpAddress(Physical: true, 0x1000000));
        return ProfileFrom(dump);
    }

    public CpuProfile ProfileFrom(MemoryDump dump) => MemoryProfile.Read(
        Image, Sites, ops, places, Features, KernelMemory.Locate(Image, dump), dump.Name);

    public Target Resolve(CpuProfile profile) => Target.Resolve(Image, places, ops, Features, profile);

    public Plan MakePlan(CpuProfile profile) => Plan.Make(Image, Sites, Resolve(profile));

    /// <summary>How many bytes of .text differ from the file in memory, and where ours differ from memory.</summary>
    public (int Differing, IReadOnlyList<ulong> Left) Compare(Plan plan)
    {
        ElfSection text = Image.Elf.FindSection(".text")!;
        byte[] running = new byte[text.Size];
        using (FileStream memory = File.OpenRead(Path.Combine(Run, "memory.raw"))) memory.ReadExactly(running); // .text is first
        ReadOnlySpan<byte> original = Image.Elf.GetContents(text), ours = plan.Text.At(text.Address, running.Length);
        int differing = 0;
        var left = new List<ulong>();
        for (int i = 0; i < running.Length; i++)
        {
            if (running[i] != original[i]) differing++;
            if (running[i] != ours[i]) left.Add(text.Address + (ulong)i);
        }

        return (differing, left);
    }

    public bool IsKeyOrStaticCall(ulong address)
    {
        for (int i = Sites.FirstEndingAfter(address); i < Sites.All.Count && Sites.All[i].Address <= address; i++)
            if (Sites.All[i].Kind is SiteKind.JumpLabel or SiteKind.StaticCall && address < Sites.All[i].End) return true;
        return false;
    }

    public void Dispose() => Image.Dispose();
}
