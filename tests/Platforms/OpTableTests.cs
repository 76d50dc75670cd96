using PvPatch.Platforms;
using PvPatch.Tests.Tools;

namespace PvPatch.Tests.Platforms;

/// <summary>pv_ops of the fixture: its names from BTF, against the order in testdata/mini/mini.inc, its functions against nm.</summary>
public sealed class OpTableTests
{
    private static readonly string[] Names =
    [
        "cpu.io_delay", "cpu.read_cr0", "cpu.write_cr0", "cpu.set_ldt", "cpu.wbinvd",
        "irq.save_fl", "irq.irq_disable", "irq.irq_enable", "irq.safe_halt", "irq.halt",
        "mmu.flush_tlb_user", "mmu.exit_mmap", "mmu.read_cr2", "mmu.write_cr3", "mmu.pte_val", "mmu.make_pte",
        "mmu.lazy_mode.enter", "mmu.lazy_mode.leave", "mmu.lazy_mode.flush",
        "lock.queued_spin_lock_slowpath", "lock.queued_spin_unlock", "lock.wait", "lock.kick", "lock.vcpu_is_preempted",
    ];

    [Fact]
    public void OpsAreNamedAsTheKernelNamesThem()
    {
        using var mini = new MiniKernel();
        Assert.Equal(Names, mini.Ops.Names);
        Assert.Equal("mmu.lazy_mode.leave", mini.Ops.NameOf(17));
        Assert.Equal("pv_ops+0xc0", mini.Ops.NameOf(24));
    }

    [Theory]
    [InlineData("cpu.read_cr0", "native_read_cr0")]
    [InlineData("irq.irq_disable", "pv_native_irq_disable")]
    [InlineData("mmu.exit_mmap", "_paravirt_nop")]
    [InlineData("lock.vcpu_is_preempted", "__raw_callee_save___native_vcpu_is_preempted")]
    public void AnOpsFunctionIsTheOneInTheImagesData(string op, string function)
    {
        using var mini = new MiniKernel();
        Assert.Equal(MiniKernel.Symbols[function], mini.Ops.Functions[Array.IndexOf(Names, op)]);
    }

    [Fact]
    public void AnOpMayHaveNoFunction()
    {
        using var mini = new MiniKernel();
        Assert.Equal(0ul, mini.Ops.Functions[Array.IndexOf(Names, "cpu.set_ldt")]);
    }

    [Fact]
    public void WithoutTypesOpsAreNamedByTheirOffset()
    {
        using MiniKernel kernel = AssembledKernel.Build("""
                .text
            f:  ret
                .data
                .globl pv_ops
                .type pv_ops, @object
            pv_ops:
                .quad f, 0, f
                .size pv_ops, 24
            """);
        Assert.Equal(["pv_ops+0x0", "pv_ops+0x8", "pv_ops+0x10"], kernel.Ops.Names);
        Assert.Equal([0xffffffff81000000, 0, 0xffffffff81000000], kernel.Ops.Functions);
    }

    [Fact]
    public void WithoutPvOpsThereAreNone()
    {
        using MiniKernel kernel = AssembledKernel.Build(".text\nnop\n");
        Assert.Empty(kernel.Ops.Names);
    }
}
