using System.Buffers.Binary;
using PvPatch.Elf;
using PvPatch.Kernel;

namespace PvPatch.Tests.Hostile;

/// <summary>Images that end at, just before and just behind every header, section, table and record.</summary>
[Collection(AloneCollection.Name)]
public sealed class TruncatedImageTests : IDisposable
{
    private readonly Scratch scratch = new();

    public void Dispose() => scratch.Dispose();

    [Fact]
    public void EveryCutIsRefusedByName()
    {
        // The section headers come last: whatever is cut off, some of them is.
        int all = MiniLayout.Bytes.Length;
        foreach (int cut in Boundaries().SelectMany(b => new[] { b - 1, b, b + 1 }).Where(c => c >= 0 && c < all).Distinct().Order())
        {
            string image = scratch.Write("image", MiniLayout.Bytes.AsSpan(0, cut));
            CommandRun.Here("scan", image, "-o", scratch["out"]).IsRefusal(image);
            Assert.Equal(["image"], scratch.Names());
        }
    }

    [Fact]
    public void ATableThatEndsWithinARecordIsRefused()
    {
        foreach (ElfSection section in Tables())
            for (ulong size = 0; size <= section.Size; size += size is > 64 and < 4000 && section.Size - size > 64 ? section.Size - size - 64 : 1)
            {
                byte[] bytes = [.. MiniLayout.Bytes];
                BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(MiniLayout.SectionHeaders + (section.Index * 64) + 32), size);
                string image = scratch.Write("image", bytes);
                CommandRun run = CommandRun.Here("scan", image, "-o", scratch["out"]);
                if (run.Exit != 0)
                {
                    run.IsRefusal(image);
                    Assert.Equal(["image"], scratch.Names());
                    continue;
                }

                Assert.Empty(run.Error);
                File.Delete(scratch["out"]);
            }
    }

    private static List<ElfSection> Tables()
    {
        using KernelImage image = KernelImage.Open(TestPaths.Mini);
        return [.. image.Elf.Sections.Where(s => s.Name is ".parainstructions" or ".retpoline_sites" or ".return_sites" or ".altinstructions" or ".smp_locks" or ".BTF" or ".notes" or ".symtab" or ".strtab" or ".shstrtab" or ".text" or ".altinstr_replacement")];
    }

    private static IEnumerable<int> Boundaries()
    {
        int[] fields = [4, 5, 6, 16, 18, 20, 24, 32, 40, 48, 52, 54, 56, 58, 60, 62, 64];
        foreach (int field in fields) yield return field;
        for (int i = 0; i <= MiniLayout.Segments; i++) yield return 64 + (i * 56);
        for (int i = 0; i <= MiniLayout.Sections; i++) yield return MiniLayout.SectionHeaders + (i * 64);
        for (int i = 0; i <= MiniLayout.Symbols; i += 40) yield return MiniLayout.SymbolTable + (i * 24);
        using KernelImage image = KernelImage.Open(TestPaths.Mini);
        foreach (ElfSection section in image.Elf.Sections)
        {
            yield return (int)section.Offset;
            yield return (int)(section.Offset + (section.HasBytes ? section.Size : 0));
        }

        foreach ((int offset, int length) in MiniLayout.Ranges)
            for (int at = 0; at <= length; at += Math.Max(4, length / 16)) yield return offset + at;
        foreach (ElfSegment segment in image.Elf.Segments)
        {
            yield return (int)segment.Offset;
            yield return (int)(segment.Offset + segment.FileSize);
        }
    }
}
