using PvPatch.Ace;
using PvPatch.Elf;
using PvPatch.X86;

namespace PvPatch.Cli;

/// <summary>An image that may have an area of atomic code; objects are laid out.</summary>
internal sealed class LoadedArea : IDisposable
{
    private readonly ElfFile file;
    private readonly AceImage image;
    private readonly Disassembler disassembler;

    private LoadedArea(string path, ElfFile file)
    {
        (Path, this.file) = (path, file);
        Elf = ObjectLayout.Resolve(file);
        image = new AceImage(Elf);
        disassembler = new Disassembler(Elf.Symbols);
    }

    /// <summary>The file, as the user wrote it.</summary>
    public string Path { get; }

    /// <summary>The file, with addresses.</summary>
    public ElfFile Elf { get; }

    /// <summary>Opens an image.</summary>
    public static LoadedArea Open(string path)
    {
        ByteSource source = ByteSource.Open(path);
        try
        {
            return new LoadedArea(path, ElfFile.Read(source));
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    /// <summary>Verifies its area; null where it has none.</summary>
    public AceReport? Verify(AceOptions options) => AceVerifier.Verify(Elf, options, isObject: Elf != file);

    /// <summary>The instruction at an address, or nothing where there is no code.</summary>
    public string Instruction(ulong address)
    {
        if (image.FindText(address) is not { } text || !image.TrySlice(address, Math.Min(15, text.End - address), out ReadOnlySpan<byte> bytes)) return string.Empty;
        return disassembler.Lines(bytes, address)[0];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Elf.Dispose();
        file.Dispose();
    }
}
