using PvPatch.Kernel;
using PvPatch.Patching;
using PvPatch.Platforms;
using PvPatch.Sites;

namespace PvPatch.Cli;

/// <summary>An image with everything a verb asks of it, read once.</summary>
internal sealed class LoadedImage : IDisposable
{
    private LoadedImage(string path, bool allowEmpty)
    {
        Path = path;
        Image = KernelImage.Open(path);
        try
        {
            if (!allowEmpty && Image.Symbols.Count == 0)
                throw new MalformedImageException("symbols", "there are none, and without them most sites cannot be found; take the vmlinux of the kernel's -dbg package");
            Sites = SiteTable.Read(Image);
            if (!allowEmpty && SiteKindNames.All.All(k => !Sites.Of(k).Any()))
                throw new MalformedImageException("sites", "there are none; is it a kernel image with symbols? (--allow-empty accepts it)");
            Places = new KernelPlaces(Image);
            Ops = OpTable.Read(Image, Places);
            _ = Image.Elf.ReadBuildId(); // reports print it: a note that cannot be read is refused before one begins
            Features = FeatureNames.Load(Image.Era.FeatureNames);
        }
        catch
        {
            Image.Dispose();
            throw;
        }
    }

    /// <summary>The file, as the user wrote it.</summary>
    public string Path { get; }

    public KernelImage Image { get; }

    public SiteTable Sites { get; }

    public KernelPlaces Places { get; }

    public OpTable Ops { get; }

    public FeatureNames Features { get; }

    /// <summary>Opens an image; errors name the file.</summary>
    public static LoadedImage Open(string path, bool allowEmpty = false) => Failure.In(path, () => new LoadedImage(path, allowEmpty));

    /// <summary>What each record says.</summary>
    public SiteCatalog Catalog() => new(Image, Sites, Ops, Features);

    /// <summary>Applies a profile.</summary>
    public Target Resolve(CpuProfile profile) =>
        Failure.In(Path, () => Target.Resolve(Image, Places, Ops, Features, profile));

    /// <inheritdoc/>
    public void Dispose() => Image.Dispose();
}
