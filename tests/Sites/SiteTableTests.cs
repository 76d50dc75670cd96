using System.Buffers.Binary;
using PvPatch.Kernel;
using PvPatch.Sites;
using PvPatch.Tests.Tools;

namespace PvPatch.Tests.Sites;

/// <summary>The fixture's tables, read a second time from what objcopy takes out of the file.</summary>
public sealed class SiteTableTests
{
    [Theory]
    [InlineData(SiteKind.Paravirt, ".parainstructions", 16)]
    [InlineData(SiteKind.Retpoline, ".retpoline_sites", 4)]
    [InlineData(SiteKind.Return, ".return_sites", 4)]
    [InlineData(SiteKind.Alternative, ".altinstructions", 12)]
    public void AKindHasASiteForEveryRecordOfItsSection(SiteKind kind, string section, ulong stride)
    {
        using var mini = new MiniKernel();
        ReadelfSection table = Readelf.Sections(TestPaths.Mini).Single(s => s.Name == section);
        Assert.NotEqual(0ul, table.Size);
        Assert.Equal(table.Size / stride, (ulong)mini.Sites.Of(kind).LongCount());
        Assert.Equal(
            Enumerable.Range(0, (int)(table.Size / stride)).Select(i => table.Address + ((ulong)i * stride)),
            mini.Sites.Of(kind).Select(s => s.Record));
    }

    [Theory]
    [InlineData(SiteKind.JumpLabel, "__start___jump_table", "__stop___jump_table", 16, 0)]
    [InlineData(SiteKind.Ftrace, "__start_mcount_loc", "__stop_mcount_loc", 8, 0)]
    [InlineData(SiteKind.StaticCall, "__start_static_call_sites", "__stop_static_call_sites", 8, 4)] // and four trampolines
    public void AKindHasASiteForEveryRecordBetweenItsSymbols(SiteKind kind, string start, string stop, ulong stride, ulong more)
    {
        using var mini = new MiniKernel();
        ulong records = (MiniKernel.Symbols[stop] - MiniKernel.Symbols[start]) / stride;
        Assert.NotEqual(0ul, records);
        Assert.Equal(records + more, (ulong)mini.Sites.Of(kind).LongCount());
    }

    [Fact]
    public void ParavirtRecordsAreAddressTypeAndLength()
    {
        using var mini = new MiniKernel();
        byte[] table = Binutils.Section(TestPaths.Mini, ".parainstructions");
        for (int i = 0; i < mini.Sites.Paravirt.Length; i++)
        {
            ReadOnlySpan<byte> record = table.AsSpan(i * 16, 16);
            Assert.Equal(
                (BinaryPrimitives.ReadUInt64LittleEndian(record), (int)record[8], (int)record[9]),
                (mini.Sites.Paravirt[i].Site.Address, mini.Sites.Paravirt[i].Op, mini.Sites.Paravirt[i].Site.Length));
        }

        // C sites add clobbers, assembly sites do not: both are here, and read alike.
        Assert.Contains(mini.Sites.Paravirt, s => table[((int)(s.Site.Record - MiniKernel.Symbols["__parainstructions"])) + 10] != 0);
        Assert.Contains(mini.Sites.Paravirt, s => table[((int)(s.Site.Record - MiniKernel.Symbols["__parainstructions"])) + 10] == 0);
    }

    [Fact]
    public void AlternativeRecordsCountFromTheirOwnFields()
    {
        using var mini = new MiniKernel();
        ulong start = MiniKernel.Symbols["__alt_instructions"];
        byte[] table = Binutils.Section(TestPaths.Mini, ".altinstructions");
        for (int i = 0; i < mini.Sites.Alternatives.Length; i++)
        {
            ReadOnlySpan<byte> record = table.AsSpan(i * 12, 12);
            ulong address = start + ((ulong)i * 12);
            AlternativeSite site = mini.Sites.Alternatives[i];
            Assert.Equal(address + (ulong)BinaryPrimitives.ReadInt32LittleEndian(record), site.Site.Address);
            Assert.Equal(address + 4 + (ulong)BinaryPrimitives.ReadInt32LittleEndian(record[4..]), site.Replacement);
            ushort cpuid = BinaryPrimitives.ReadUInt16LittleEndian(record[8..]);
            Assert.Equal(new FeatureTest((ushort)(cpuid & 0x7fff), cpuid >= 0x8000), site.Feature);
            Assert.Equal((record[10], record[11]), (site.Site.Length, site.ReplacementLength));
        }
    }

    // testdata/mini: which feature which site asks for (feature numbers: cpufeatures.h, Linux 6.1).
    [Theory]
    [InlineData("mini_get_user", (9 * 32) + 20, false, 3, 3)]          // SMAP
    [InlineData("mini_irq_section", (8 * 32) + 16, true, 6, 2)]        // not XENPV
    [InlineData("mini_sysret_ss", (22 * 32) + 8, false, 6, 5)]         // a bug bit, behind 22 words of features
    [InlineData("memcpy", (3 * 32) + 16, false, 5, 0)]                 // REP_GOOD: replaced by nothing
    [InlineData("__x86_indirect_thunk_r11", (11 * 32) + 13, false, 21, 7)] // RETPOLINE_LFENCE
    public void TheFirstAlternativeOfAFunctionIsTheSources(string function, int feature, bool not, int length, int replacement)
    {
        using var mini = new MiniKernel();
        AlternativeSite site = mini.Sites.Alternatives.First(s => s.Site.Address == MiniKernel.Symbols[function]);
        Assert.Equal((feature, not, length, replacement), (site.Feature.Number, site.Feature.Not, site.Site.Length, site.ReplacementLength));
    }

    [Theory]
    [InlineData(".retpoline_sites", SiteKind.Retpoline)]
    [InlineData(".return_sites", SiteKind.Return)]
    public void ListsOfDistancesCountFromTheirEntries(string section, SiteKind kind)
    {
        using var mini = new MiniKernel();
        byte[] table = Binutils.Section(TestPaths.Mini, section);
        ulong start = Readelf.Sections(TestPaths.Mini).Single(s => s.Name == section).Address;
        Assert.Equal(
            Enumerable.Range(0, table.Length / 4).Select(i =>
                start + ((ulong)i * 4) + (ulong)BinaryPrimitives.ReadInt32LittleEndian(table.AsSpan(i * 4))),
            mini.Sites.Of(kind).Select(s => s.Address));
    }

    [Fact]
    public void LocksAreTheEntriesThatAreNotZero()
    {
        // alternatives_smp_unlock skips zeroes: lock.S has one among the records, and the page's end is full of them.
        using var mini = new MiniKernel();
        byte[] table = Binutils.Section(TestPaths.Mini, ".smp_locks");
        int[] words = [.. Enumerable.Range(0, table.Length / 4).Select(i => BinaryPrimitives.ReadInt32LittleEndian(table.AsSpan(i * 4)))];
        Assert.Equal(0, words[2]);
        Assert.NotEqual(0, words[3]);
        ulong start = MiniKernel.Symbols["__smp_locks"];
        Assert.Equal(
            words.Index().Where(w => w.Item != 0).Select(w => start + ((ulong)w.Index * 4) + (ulong)w.Item),
            mini.Sites.Locks.Select(s => s.Address));
        Assert.All(mini.Sites.Locks, s => Assert.Equal(1, s.Length));
    }

    [Fact]
    public void FtraceSitesAreAddresses()
    {
        // The names of lines “fentry NAME” in the sources; with ENDBR64 the call comes four bytes in.
        using var mini = new MiniKernel();
        IReadOnlyDictionary<string, ulong> nm = MiniKernel.Symbols;
        ulong[] expected =
        [
            nm["mini_kernel_init"], nm["mini_traced"], nm["mini_traced_endbr"] + 4, nm["mini_tick_default"],
            nm["__static_call_return0"], nm["mini_early_setup"],
        ];
        Assert.Equal(expected.Order(), mini.Sites.Ftrace.Select(s => s.Address).Order());
    }

    // jump-label.S: place, length, branch bit, key, target (an offset from the function's start; two of them leave the function).
    [Theory]
    [InlineData("mini_flip_short", 0, 2, false, "mini_key_flip", "mini_flip_short", 6)]
    [InlineData("mini_flip_short", 2, 2, true, "mini_key_flip", "mini_flip_short", 6)]
    [InlineData("mini_flip_near", 0, 5, false, "mini_key_flip", "mini_flip_short", 0)]
    [InlineData("mini_flip_near", 5, 5, true, "mini_key_flip", "mini_flip_near", 0xaa)]
    [InlineData("mini_true", 0, 2, true, "mini_key_true", "mini_true", 6)]
    [InlineData("mini_true", 2, 2, false, "mini_key_true", "mini_true", 6)]
    [InlineData("mini_false", 0, 5, false, "mini_key_false", "mini_false", 9)]
    [InlineData("mini_false", 5, 2, true, "mini_key_false", "mini_false", 9)]
    [InlineData("mini_true_init", 0, 2, true, "mini_key_true", "mini_true_init", 4)]
    [InlineData("mini_flip_exit", 0, 2, false, "mini_key_flip", "mini_flip_exit", 4)]
    public void JumpLabelsAreTheSources(
        string function, ulong offset, int length, bool branch, string key, string targetFunction, ulong targetOffset)
    {
        using var mini = new MiniKernel();
        IReadOnlyDictionary<string, ulong> nm = MiniKernel.Symbols;
        JumpLabelSite site = mini.Sites.JumpLabels.Single(s => s.Site.Address == nm[function] + offset);
        Assert.Equal(
            (length, branch, nm[key], nm[targetFunction] + targetOffset),
            (site.Site.Length, site.Branch, site.Key, site.Target));
    }

    // static-call.S: call, conditional tail call (six bytes), tail call.
    [Theory]
    [InlineData("mini_tick_user", 0, 5, false, "__SCK__mini_tick")]
    [InlineData("mini_tick_user", 7, 6, true, "__SCK__mini_tick")]
    [InlineData("mini_tick_user", 13, 5, true, "__SCK__mini_tick")]
    [InlineData("mini_null_user", 0, 5, false, "__SCK__mini_null")]
    [InlineData("mini_null_user", 7, 6, true, "__SCK__mini_null")]
    [InlineData("mini_null_user", 13, 5, true, "__SCK__mini_null")]
    [InlineData("mini_ret0_user", 0, 5, false, "__SCK__mini_ret0")]
    [InlineData("mini_init_user", 0, 5, false, "__SCK__mini_init")]
    public void StaticCallsAreTheSources(string function, ulong offset, int length, bool tail, string key)
    {
        using var mini = new MiniKernel();
        StaticCallSite site = mini.Sites.StaticCalls.Single(s => s.Site.Address == MiniKernel.Symbols[function] + offset);
        Assert.Equal((length, tail, MiniKernel.Symbols[key], false), (site.Site.Length, site.Tail, site.Key, site.Trampoline));
    }

    [Fact]
    public void EveryTrampolineIsASiteOfItsKey()
    {
        using var mini = new MiniKernel();
        Assert.Equal(
            MiniKernel.Symbols.Where(s => s.Key.StartsWith("__SCT__", StringComparison.Ordinal))
                .Select(s => (s.Value, MiniKernel.Symbols[$"__SCK__{s.Key[7..]}"], true, 5)).Order(),
            mini.Sites.StaticCalls.Where(s => s.Trampoline).Select(s => (s.Site.Address, s.Key, s.Tail, s.Site.Length)).Order());
    }

    // retpoline.S: a CS prefix and a conditional jump make six bytes.
    [Fact]
    public void RetpolinesAreAsLongAsTheSourcesInstructions()
    {
        using var mini = new MiniKernel();
        ulong calls = MiniKernel.Symbols["mini_indirect_calls"];
        Assert.Equal(
            [5, 5, 6, 5],
            mini.Sites.Retpolines.Where(s => s.Address >= calls && s.Address < calls + 0x20).Select(s => s.Length));
        ulong jumps = MiniKernel.Symbols["mini_indirect_jumps"];
        Assert.Equal(
            [5, 6, 5, 6, 6],
            mini.Sites.Retpolines.Where(s => s.Address >= jumps && s.Address < jumps + 0x30).Select(s => s.Length));
    }

    [Theory]
    [InlineData("baseline")]
    [InlineData("up-lfence")]
    [InlineData("no-mitigation")]
    public void ARewrittenImageHasTheSameSites(string profile)
    {
        using var mini = new MiniKernel();
        using var rewritten = new MiniKernel(mini.Rewritten(MiniKernel.Profile(profile)));
        Assert.Equal(mini.Sites.All, rewritten.Sites.All);
    }

    [Fact]
    public void AllSitesAscend()
    {
        using var mini = new MiniKernel();
        Assert.Equal(SiteKindNames.All.Sum(k => mini.Sites.Of(k).Count()), mini.Sites.All.Count);
        Assert.Equal(mini.Sites.All.OrderBy(s => s.Address).ThenBy(s => s.Kind).ThenBy(s => s.Record), mini.Sites.All);
    }

    [Fact]
    public void TheFirstSiteBeyondAnAddressIsFoundBySearch()
    {
        using var mini = new MiniKernel();
        for (ulong address = MiniKernel.Symbols["_text"] - 8; address < MiniKernel.Symbols["_etext"] + 8; address++)
        {
            int expected = mini.Sites.All.TakeWhile(s => s.End <= address).Count();
            int found = mini.Sites.FirstEndingAfter(address);

            // Sites are sorted by their start: a long one may end beyond shorter ones that follow it.
            Assert.True(found <= expected || mini.Sites.All.Take(found).All(s => s.End <= address));
            Assert.True(found == mini.Sites.All.Count || mini.Sites.All[found].End > address);
            Assert.DoesNotContain(mini.Sites.All.Take(found), s => s.End > address);
        }
    }
}
