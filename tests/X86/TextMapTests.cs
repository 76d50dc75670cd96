using PvPatch.Checking;
using PvPatch.Elf;
using PvPatch.Sites;
using PvPatch.Tests.Tools;
using PvPatch.X86;

namespace PvPatch.Tests.X86;

/// <summary>The fixture's text, decoded: against objdump.</summary>
public sealed class TextMapTests
{
    [Fact]
    public void InstructionsBeginWhereObjdumpSaysAndNowhereElse()
    {
        using var mini = new MiniKernel();
        TextMap map = TextMap.Build(mini.Image, mini.Sites);
        HashSet<ulong> expected = [.. Binutils.Run("objdump", "-d", "-z", "--no-show-raw-insn", TestPaths.Mini).Split('\n')
            .Where(l => l.Contains(":\t", StringComparison.Ordinal))
            .Select(l => Convert.ToUInt64(l[..l.IndexOf(':', StringComparison.Ordinal)].Trim(), 16))];
        Assert.True(expected.Count > 500);
        foreach (ElfSection section in mini.Image.TextSections)
        {
            for (ulong at = section.Address; at < section.Address + section.Size; at++)
                Assert.True(expected.Contains(at) == map.IsBoundary(at), $"0x{at:x}");
            Assert.True(map.IsBoundary(section.Address + section.Size));
        }

        Assert.False(map.IsBoundary(0x1234));
    }

    [Fact]
    public void OnlySitesHaveAnInside()
    {
        using var mini = new MiniKernel();
        TextMap map = TextMap.Build(mini.Image, mini.Sites);
        Site site = mini.Sites.Returns[0];
        Assert.False(map.IsInsideSiteInstruction(site.Address));
        for (ulong at = site.Address + 1; at < site.End; at++) Assert.True(map.IsInsideSiteInstruction(at));
        Assert.False(map.IsInsideSiteInstruction(MiniKernel.Symbols["mini_tick_fast"] + 1)); // inside mov $2,%eax, no site
    }

    [Fact]
    public void BranchesOfSitesAreFound()
    {
        using var mini = new MiniKernel();
        ulong site = MiniKernel.Symbols["mini_kernel_init"];
        Assert.Contains(new DirectBranch(site, MiniKernel.Symbols["__fentry__"], true), TextMap.Build(mini.Image, mini.Sites).Branches);
    }
}
