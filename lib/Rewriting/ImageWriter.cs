using PvPatch.Elf;
using PvPatch.Kernel;
using PvPatch.Patching;

namespace PvPatch.Rewriting;

/// <summary>A plan onto an ELF file: a copy of the image with its text replaced.</summary>
public static class ImageWriter
{
    /// <summary>Writes the image's text as a plan leaves it into a copy that has no name yet.</summary>
    /// <exception cref="IOException">The output cannot be written.</exception>
    public static OutputFile Write(KernelImage image, Plan plan, string path)
    {
        OutputFile output = OutputFile.CopyOf(image.Elf.Source.Name, path);
        try
        {
            using FileStream stream = output.Open();
            for (int i = 0; i < plan.Text.Sections.Count; i++)
            {
                ElfSection section = plan.Text.Sections[i];
                ReadOnlySpan<byte> text = plan.Text.GetContents(i);
                if (text.SequenceEqual(image.Elf.GetContents(section))) continue;
                stream.Position = (long)section.Offset;
                stream.Write(text);
            }

            return output;
        }
        catch
        {
            output.Dispose();
            throw;
        }
    }
}
