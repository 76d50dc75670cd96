using PvPatch.Checking;
using PvPatch.Tests.Tools;

namespace PvPatch.Tests.Checking;

/// <summary>verify: nothing to find in the fixture; and in each broken copy exactly what was broken.</summary>
public sealed class ImageVerifierTests
{
    [Fact]
    public void TheFixtureHasNoFindings() => Assert.Empty(Verify(new MiniCopy()));

    [Theory]
    [InlineData("baseline")]
    [InlineData("up-lfence")]
    [InlineData("no-mitigation")]
    public void NorHasAnythingItIsRewrittenTo(string profile)
    {
        using var mini = new MiniKernel();
        using var rewritten = new MiniKernel(mini.Rewritten(MiniKernel.Profile(profile)));
        Assert.Empty(ImageVerifier.Verify(rewritten.Image, rewritten.Sites));
    }

    // mini_cr0: call *pv_ops (6 bytes), mov %rax,%rdi (3), call *pv_ops (6), return.
    [Fact]
    public void Pv1001ASiteBeginsInsideAnInstruction()
    {
        ulong site = MiniCopy.At("mini_cr0");
        One("PV1001", site + 1, new MiniCopy().Put64(ParavirtRecord(site), site + 1));
    }

    [Fact]
    public void Pv1001ASiteEndsInsideAnInstruction()
    {
        ulong site = MiniCopy.At("mini_cr0");
        One("PV1001", site, new MiniCopy().Put(ParavirtRecord(site) + 9, 7));
    }

    // mini_safe_halt: call *pv_ops (6 bytes), return (5): a site of eleven bytes covers the return's.
    [Fact]
    public void Pv1002SitesOverlap()
    {
        ulong site = MiniCopy.At("mini_safe_halt");
        One("PV1002", site + 6, new MiniCopy().Put(ParavirtRecord(site) + 9, 11));
    }

    [Fact]
    public void Pv1002TwoRecordsNameOnePlace()
    {
        ulong site = MiniCopy.At("mini_safe_halt"), other = ParavirtRecord(MiniCopy.At("mini_set_ldt"));
        One("PV1002", site, new MiniCopy().Put64(other, site));
    }

    // call native_read_cr0+0x3, where its return begins: an instruction, but no function's entry.
    [Fact]
    public void Pv1003ACallMissesTheEntry()
    {
        ulong site = MiniCopy.At("mini_set_ldt");
        One("PV1003", site, new MiniCopy().Put(site, [.. Code.Branch(site, MiniCopy.At("native_read_cr0") + 3, 0xe8), 0x90]));
    }

    [Fact]
    public void Pv1003ACallIntoDataIsNoCall()
    {
        ulong site = MiniCopy.At("mini_set_ldt");
        One("PV1003", site, new MiniCopy().Put(site, [.. Code.Branch(site, MiniCopy.At("pv_ops"), 0xe8), 0x90]));
    }

    // ud2 ud2 nop nop: apply_paravirt leaves a call, or NOPs.
    [Fact]
    public void Pv1008AParavirtSiteHoldsOtherInstructions()
    {
        ulong site = MiniCopy.At("mini_set_ldt");
        One("PV1008", site, new MiniCopy().Put(site, 0x0f, 0x0b, 0x0f, 0x0b, 0x90, 0x90));
    }

    // mov $0,%eax, five bytes: patch_retpoline leaves a branch.
    [Fact]
    public void Pv1008ARetpolineSiteHoldsNoBranch()
    {
        using var mini = new MiniKernel();
        ulong site = mini.Sites.Retpolines.First(s => s.Length == 5 && !mini.Sites.AlternativesOver(s.Address).Any()).Address;
        One("PV1008", site, new MiniCopy().Put(site, 0xb8, 0, 0, 0, 0));
    }

    // je where a jump or a NOP must stand: verify goes on to the other sites, a plan is refused (__jump_label_patch BUGs).
    [Fact]
    public void Pv1008AJumpLabelHoldsNeitherAJumpNorANop()
    {
        ulong site = MiniCopy.At("mini_flip_short");
        MiniCopy copy = new MiniCopy().Put(site, 0x74);
        One("PV1008", site, copy);
        using MiniKernel kernel = copy.Open();
        Assert.Contains("neither a jump nor a NOP", Assert.Throws<MalformedImageException>(
            () => kernel.MakePlan(MiniKernel.Profile("baseline"))).Reason);
    }

    // An indirect branch through %rsp is what the kernel BUGs on.
    [Fact]
    public void Pv1008ARetpolineThroughTheStackPointer()
    {
        using var mini = new MiniKernel();
        ulong site = mini.Sites.Retpolines.First(s => s.Length == 5 && !mini.Sites.AlternativesOver(s.Address).Any()).Address;
        One("PV1008", site, new MiniCopy().Put(site, 0xff, 0xd4, 0x0f, 0x1f, 0x00));
    }

    // jump_label_init and every later change of the key would write into what apply_alternatives left.
    [Fact]
    public void Pv1002AnAlternativeOverAJumpLabel()
    {
        using var mini = new MiniKernel();
        ulong label = mini.Sites.JumpLabels.First(s => s.Site.Length == 5 && !mini.Sites.AlternativesOver(s.Site.Address).Any()).Site.Address;
        ulong record = MiniCopy.At("__alt_instructions");
        MiniCopy copy = new MiniCopy().PutRelative(record, label).Put(record + 10, 5, 0);
        Assert.Contains(Verify(copy), f => f.Rule.Id == "PV1002" && f.Address == label);
    }

    // The record's second s32 is where execution goes on after a fault.
    [Fact]
    public void Pv1005AFixupInsideAnInstruction()
    {
        ulong inside = MiniCopy.At("mini_two_returns") + 7;
        One("PV1005", inside, new MiniCopy().PutRelative(MiniCopy.At("__start___ex_table") + 4, inside));
    }

    // mini_two_returns: test %edi,%edi (2 bytes), jne 1f, xor, return at +6: the jump is made to land inside of that.
    [Fact]
    public void Pv1004ABranchLandsInsideAnInstruction()
    {
        ulong function = MiniCopy.At("mini_two_returns");
        One("PV1004", function + 7, new MiniCopy().Put(function + 3, 3));
    }

    [Fact]
    public void Pv1004ABranchAtAnInstructionOfASiteIsFine()
    {
        ulong function = MiniCopy.At("mini_two_returns");
        Assert.Empty(Verify(new MiniCopy().Put(function + 3, 2)));
    }

    [Fact]
    public void Pv1005AnExceptionTableEntryNamesTheInside()
    {
        ulong site = MiniCopy.At("native_read_cr0") + 3;
        One("PV1005", site + 1, new MiniCopy().PutRelative(MiniCopy.At("__start___ex_table"), site + 1));
    }

    [Fact]
    public void Pv1006AnOrcEntryBeginsInside()
    {
        ulong site = MiniCopy.At("native_read_cr0") + 3;
        One("PV1006", site + 2, new MiniCopy().PutRelative(MiniCopy.At("__start_orc_unwind_ip"), site + 2));
    }

    // objtool lays one set of entries over the original and all replacements: a boundary of any of them is right.
    [Fact]
    public void Pv1006ABoundaryOfAReplacementIsFine()
    {
        // mini_address_bits: mov $47,%eax in five bytes; the replacement is mov $56,%eax. mini_memmove has two more.
        ulong site = MiniCopy.At("mini_nops_in_replacement"); // mov $1,%eax and padding; lfence (3 bytes) and two NOPs instead
        ulong orc = MiniCopy.At("__start_orc_unwind_ip");
        Assert.Empty(Verify(new MiniCopy().PutRelative(orc, site + 3)));
        One("PV1006", site + 2, new MiniCopy().PutRelative(orc, site + 2));
    }

    [Fact]
    public void Pv1007ASymbolStandsInside()
    {
        ulong site = MiniCopy.At("native_read_cr0") + 3;
        One("PV1007", site + 1, new MiniCopy().MoveSymbol("mini_exit", site + 1));
    }

    [Fact]
    public void Pv1007ASymbolAtAnInstructionOfASiteIsFine()
    {
        ulong site = MiniCopy.At("mini_get_user"); // three NOPs
        Assert.Empty(Verify(new MiniCopy().MoveSymbol("mini_exit", site + 1)));
    }

    // Each kind that has a closed list of states, with an instruction of the right length that is in none of them.
    [Theory]
    [InlineData("mini_atomic_inc", 0, "90")]                // lock: nop
    [InlineData("mini_traced", 0, "b800000000")]            // ftrace: mov $0,%eax
    [InlineData("native_read_cr0", 3, "b800000000")]        // return: mov
    [InlineData("native_read_cr0", 3, "c390909090")]        // return: ret, but no int3
    [InlineData("native_read_cr0", 3, "e900000000")]        // return: jmp to no symbol
    [InlineData("mini_true", 2, "eb00")]                    // jump label: to another place than its target
    [InlineData("mini_flip_near", 5, "e900000000")]
    [InlineData("mini_tick_user", 0, "0f1f4000 90")]        // static call: NOPs, but not the five-byte one
    [InlineData("mini_tick_user", 0, "e900000000")]         // a jump where a call belongs
    [InlineData("mini_tick_user", 13, "0f1f440000")]        // a NOP where a jump or return belongs
    public void Pv1008ASiteHoldsWhatNobodyWrites(string function, int offset, string code)
    {
        ulong site = MiniCopy.At(function) + (ulong)offset;
        One("PV1008", site, new MiniCopy().Put(site, Code.Bytes(code)));
    }

    [Fact]
    public void Pv1008ACallOfAnythingButFentryIsNoFtraceState()
    {
        ulong site = MiniCopy.At("mini_traced");
        One("PV1008", site, new MiniCopy().Put(site, Code.Branch(site, MiniCopy.At("memcpy"), 0xe8)));
    }

    [Theory]
    [InlineData("mini_atomic_inc", 0, "3e")]
    [InlineData("mini_traced", 0, "0f1f440000")]
    [InlineData("native_read_cr0", 3, "c3cccccccc")]
    [InlineData("mini_true", 0, "eb04")]                    // taken: jmp to +6
    [InlineData("mini_flip_near", 5, "0f1f440000")]
    [InlineData("mini_tick_user", 0, "0f1f440000")]
    [InlineData("mini_tick_user", 0, "2e2e2e31c0")]
    [InlineData("mini_tick_user", 13, "c3cccccccc")]
    public void StatesThatTheKernelWritesAreFine(string function, int offset, string code) =>
        Assert.Empty(Verify(new MiniCopy().Put(MiniCopy.At(function) + (ulong)offset, Code.Bytes(code))));

    [Fact]
    public void FindingsAscend()
    {
        MiniCopy copy = new MiniCopy().Put(MiniCopy.At("mini_atomic_add"), 0x90).Put(MiniCopy.At("mini_atomic_inc"), 0x90)
            .Put(MiniCopy.At("mini_two_returns") + 3, 3);
        ulong[] addresses = [.. Verify(copy).Select(f => f.Address)];
        Assert.Equal(3, addresses.Length);
        Assert.Equal(addresses.Order(), addresses);
    }

    [Fact]
    public void RulesHaveDistinctIdsInOrder() => Assert.Equal(
        Enumerable.Range(1001, 9).Select(n => $"PV{n}"), VerifyRules.All.Select(r => r.Id));

    private static ulong ParavirtRecord(ulong site)
    {
        using var mini = new MiniKernel();
        return mini.Sites.Paravirt.Single(s => s.Site.Address == site).Site.Record;
    }

    private static void One(string rule, ulong address, MiniCopy copy)
    {
        Finding finding = Assert.Single(Verify(copy));
        Assert.Equal((rule, address), (finding.Rule.Id, finding.Address));
        Assert.Equal(Severity.Error, finding.Rule.Severity);
        Assert.NotEmpty(finding.Message);
    }

    private static IReadOnlyList<Finding> Verify(MiniCopy copy)
    {
        using MiniKernel kernel = copy.Open();
        return ImageVerifier.Verify(kernel.Image, kernel.Sites);
    }
}
