using PvPatch.Elf;
using PvPatch.Kernel;

namespace PvPatch.Patching;

/// <summary>An image's executable sections as the passes so far have left them: later passes see what earlier ones wrote.</summary>
public sealed class TextView
{
    private readonly KernelImage image;
    private readonly ElfSection[] sections;
    private readonly byte[][] bytes;

    /// <summary>Copies the executable text of an image.</summary>
    public TextView(KernelImage image)
    {
        this.image = image;
        sections = [.. image.TextSections];
        bytes = Array.ConvertAll(sections, s => image.Elf.GetContents(s).ToArray());
    }

    /// <summary>The sections, as the image has them.</summary>
    public IReadOnlyList<ElfSection> Sections => sections;

    /// <summary>A whole section's text.</summary>
    public ReadOnlySpan<byte> GetContents(int section) => bytes[section];

    /// <summary>The text at an address, at most <paramref name="length"/> bytes: fewer at a section's end, none outside.</summary>
    public ReadOnlySpan<byte> At(ulong address, int length)
    {
        int i = image.FindTextIndex(address);
        if (i < 0) return default;
        int into = (int)(address - sections[i].Address);
        return bytes[i].AsSpan(into, Math.Min(length, bytes[i].Length - into));
    }

    /// <summary>Writes a patch.</summary>
    internal void Write(ulong address, ReadOnlySpan<byte> patch)
    {
        int i = image.FindTextIndex(address);
        patch.CopyTo(bytes[i].AsSpan((int)(address - sections[i].Address)));
    }
}
