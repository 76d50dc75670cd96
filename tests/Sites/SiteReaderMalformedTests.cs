using PvPatch.Tests.Tools;

namespace PvPatch.Tests.Sites;

/// <summary>Records that no kernel has: refused, with the record's number.</summary>
public sealed class SiteReaderMalformedTests
{
    private static readonly ulong Paravirt = MiniCopy.At("__parainstructions"), Alternatives = MiniCopy.At("__alt_instructions");

    [Fact]
    public void AParavirtSiteMustHoldACall() =>
        Refused("record 2 of .parainstructions", "length 4", new MiniCopy().Put(Paravirt + 32 + 9, 4));

    [Fact]
    public void AParavirtSiteMustBeText() =>
        Refused("record 0 of .parainstructions", "executable", new MiniCopy().Put64(Paravirt, MiniCopy.At("pv_ops")));

    [Fact]
    public void ASiteMustEndWithinItsSection() =>
        Refused("record 0 of .parainstructions", "executable", new MiniCopy().Put64(Paravirt, MiniCopy.At("_etext") - 5));

    [Fact]
    public void AParavirtTableMayLackTheLastRecordsPadding()
    {
        ulong size = Readelf.Sections(TestPaths.Mini).Single(s => s.Name == ".parainstructions").Size;
        using MiniKernel kernel = new MiniCopy().ResizeSection(".parainstructions", size - 4).Open();
        Assert.Equal((int)size / 16, kernel.Sites.Paravirt.Length);
        Refused(".parainstructions", "multiple of 16", new MiniCopy().ResizeSection(".parainstructions", size - 7)); // 9 of 10 bytes that are read
    }

    [Theory]
    [InlineData(".altinstructions", 12)]
    [InlineData(".retpoline_sites", 4)]
    [InlineData(".return_sites", 4)]
    public void OtherTablesMayNot(string section, int stride)
    {
        ulong size = Readelf.Sections(TestPaths.Mini).Single(s => s.Name == section).Size;
        Refused(section, $"multiple of {stride}", new MiniCopy().ResizeSection(section, size - 1));
    }

    // (NCAPINTS + NBUGINTS) * 32 = 768: apply_alternatives BUGs at it.
    [Theory]
    [InlineData(768, false)]
    [InlineData(768 | 0x8000, false)]
    [InlineData(767, true)]
    [InlineData(767 | 0x8000, true)]
    public void AFeatureMustExist(ushort cpuid, bool accepted)
    {
        MiniCopy copy = new MiniCopy().Put(Alternatives + 8, (byte)cpuid, (byte)(cpuid >> 8));
        if (accepted) copy.Open().Dispose();
        else Refused("record 0 of .altinstructions", "768", copy);
    }

    [Fact]
    public void AReplacementMustFit() =>
        Refused("record 1 of .altinstructions", "does not fit", new MiniCopy().Put(Alternatives + 12 + 11, 200));

    [Fact]
    public void ALengthOf255IsOverTheKernelsLimit() =>
        Refused("record 0 of .altinstructions", "254", new MiniCopy().Put(Alternatives + 10, 255));

    [Fact]
    public void AReplacementMustBeText() =>
        Refused("record 0 of .altinstructions", "executable", new MiniCopy().PutRelative(Alternatives + 4, MiniCopy.At("pv_ops")));

    [Fact]
    public void AReplacementOfNoBytesMayPointAnywhere()
    {
        using var mini = new MiniKernel();
        ulong record = mini.Sites.Alternatives.First(s => s.ReplacementLength == 0).Site.Record;
        new MiniCopy().PutRelative(record + 4, MiniCopy.At("pv_ops")).Open().Dispose();
    }

    [Fact]
    public void ALockMustBeText() =>
        Refused("record 0 of .smp_locks", "executable", new MiniCopy().PutRelative(MiniCopy.At("__smp_locks"), MiniCopy.At("pv_ops")));

    [Fact]
    public void AJumpLabelsTargetMustBeText()
    {
        ulong record = MiniCopy.At("__start___jump_table");
        Refused("record 0 of __start___jump_table", "target", new MiniCopy().PutRelative(record + 4, MiniCopy.At("pv_ops")));
    }

    [Fact]
    public void AnFtraceEntryOfZeroNamesNothing()
    {
        using MiniKernel kernel = new MiniCopy().Put64(MiniCopy.At("__start_mcount_loc"), 0).Open();
        Assert.Equal(5, kernel.Sites.Ftrace.Length);
    }

    [Fact]
    public void ATrampolineMustBeText() => Refused(
        "symbol __SCT__mini_tick", "executable", new MiniCopy().MoveSymbol("__SCT__mini_tick", MiniCopy.At("pv_ops")));

    private static void Refused(string place, string reason, MiniCopy copy)
    {
        MalformedImageException error = Assert.Throws<MalformedImageException>(copy.Open);
        Assert.Equal(place, error.Place);
        Assert.Contains(reason, error.Reason);
    }
}
