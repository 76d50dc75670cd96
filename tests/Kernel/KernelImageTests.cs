using PvPatch.Kernel;
using PvPatch.Sites;
using PvPatch.Tests.Tools;

namespace PvPatch.Tests.Kernel;

/// <summary>What the fixture says of itself.</summary>
public sealed class KernelImageTests
{
    [Fact]
    public void TheBannerHasNoNewline()
    {
        using var mini = new MiniKernel();
        Assert.Equal(
            "Linux version 6.1.0-mini (mini@pvpatch) (GNU assembler and ld) #1 SMP PREEMPT_DYNAMIC pvpatch fixture",
            mini.Image.Banner);
    }

    [Fact]
    public void TextIsEverySectionThatReadelfMarksExecutable()
    {
        using var mini = new MiniKernel();
        Assert.Equal(
            Readelf.Sections(TestPaths.Mini).Where(s => (s.Flags & 6) == 6).Select(s => s.Name),
            mini.Image.TextSections.Select(s => s.Name));
    }

    [Theory]
    [InlineData(SiteKind.JumpLabel, "__start___jump_table", "__stop___jump_table")] // between symbols, inside .rodata
    [InlineData(SiteKind.Ftrace, "__start_mcount_loc", "__stop_mcount_loc")]
    [InlineData(SiteKind.Paravirt, "__parainstructions", "__parainstructions_end")] // a section of its own
    public void TablesAreFoundByTheirSectionOrTheirSymbols(SiteKind kind, string start, string stop)
    {
        using var mini = new MiniKernel();
        (ulong at, ulong length) = mini.Image.FindTable(mini.Image.Era.TableOf(kind));
        Assert.Equal((MiniKernel.Symbols[start], MiniKernel.Symbols[stop] - MiniKernel.Symbols[start]), (at, length));
    }

    [Fact]
    public void ATableWhoseEndComesFirstIsMalformed()
    {
        MiniCopy copy = new MiniCopy().MoveSymbol("__stop___jump_table", MiniCopy.At("__start___jump_table") - 16);
        Assert.Throws<MalformedImageException>(copy.Open);
    }

    [Fact]
    public void TextThatNoSegmentLoadsIsMalformed()
    {
        var copy = new MiniCopy();
        copy.Bytes[64] = 0; // p_type of the first program header: PT_NULL
        Assert.Equal("section .text", Assert.Throws<MalformedImageException>(copy.Open).Place);
    }

    [Fact]
    public void StringsEndAtTheirNulAndNowhereElse()
    {
        using var mini = new MiniKernel();
        ulong banner = MiniKernel.Symbols["linux_banner"];
        Assert.Null(mini.Image.ReadString(banner, 10));
        Assert.StartsWith("Linux", mini.Image.ReadString(banner, 200));
        Assert.Null(mini.Image.ReadString(0x1234, 10));
    }

    [Fact]
    public void PlacesAreTheSymbolsOfTheirNames()
    {
        using var mini = new MiniKernel();
        IReadOnlyDictionary<string, ulong> nm = MiniKernel.Symbols;
        KernelPlaces places = mini.Places;
        ulong[] expected =
            [
                nm["pv_ops"], nm["_paravirt_nop"], nm["paravirt_BUG"], nm["__x86_indirect_thunk_array"], 0, 0, nm["__x86_return_thunk"],
                nm["x86_return_thunk"], nm["__static_call_return0"], nm["__static_call_return"], nm["__fentry__"],
            ];
        ulong[] found =
            [
                places.PvOps, places.ParavirtNop, places.ParavirtBug, places.IndirectThunks, places.ItsThunks, places.ItsReturnThunk,
                places.DefaultReturnThunk, places.ReturnThunkVariable, places.StaticCallReturnZero, places.StaticCallReturn, places.Fentry,
            ];
        Assert.Equal(expected, found);
        Assert.True(places.IsCoreText(nm["_text"]));
        Assert.True(places.IsCoreText(nm["_etext"] - 1));
        Assert.False(places.IsCoreText(nm["_etext"]));
        Assert.False(places.IsCoreText(nm["mini_early_setup"]));
    }

    // x86_cap_flags and x86_bug_flags in testdata/mini/data.S; bug words come after 22 feature words.
    [Theory]
    [InlineData("fpu", false, 0)]
    [InlineData("sse2", false, (0 * 32) + 26)]
    [InlineData("fsrm", false, (18 * 32) + 4)]
    [InlineData("sysret_ss_attrs", true, (22 * 32) + 8)]
    [InlineData("srso", true, (23 * 32) + 0)]
    public void FlagNamesHaveTheNumbersOfTheImagesTables(string word, bool bug, int number)
    {
        using var mini = new MiniKernel();
        Assert.Equal(number, CpuFlagNames.Read(mini.Image, bug)[word]);
        Assert.DoesNotContain(word, CpuFlagNames.Read(mini.Image, !bug).Keys);
    }
}
