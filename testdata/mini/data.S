# data.S - what the patching passes read: the op table, the CPU, the names of
# its features, the return thunk; and what a kernel says about itself.

	.include "mini.inc"

.macro object name:req, align=8
	.balign	\align
	.globl	\name
	.type	\name, @object
\name:
.endm

.macro endobject name:req
	.size	\name, . - \name
.endm

# ------------------------------------------------------------------- pv_ops

	.section .data, "aw", @progbits

# op OFFSET FUNCTION: the next pointer of pv_ops, checked against mini.inc.
.macro op offset:req, function:req
	.if (. - pv_ops) - (\offset)
	.error	"pv_ops: \offset is at another place in mini.inc"
	.endif
	.quad	\function
.endm

# A kernel's own functions: the table as it lies in the file, and as it stays
# on a bare machine.
object pv_ops, 32
	op	PV_CPU_io_delay, native_io_delay
	op	PV_CPU_read_cr0, native_read_cr0
	op	PV_CPU_write_cr0, native_write_cr0
	op	PV_CPU_set_ldt, 0
	op	PV_CPU_wbinvd, native_wbinvd
	op	PV_IRQ_save_fl, native_save_fl
	op	PV_IRQ_irq_disable, pv_native_irq_disable
	op	PV_IRQ_irq_enable, pv_native_irq_enable
	op	PV_IRQ_safe_halt, native_safe_halt
	op	PV_IRQ_halt, native_halt
	op	PV_MMU_flush_tlb_user, native_flush_tlb_local
	op	PV_MMU_exit_mmap, _paravirt_nop
	op	PV_MMU_read_cr2, pv_native_read_cr2
	op	PV_MMU_write_cr3, native_write_cr3
	op	PV_MMU_pte_val, _paravirt_ident_64
	op	PV_MMU_make_pte, _paravirt_ident_64
	op	PV_MMU_lazy_enter, _paravirt_nop
	op	PV_MMU_lazy_leave, _paravirt_nop
	op	PV_MMU_lazy_flush, _paravirt_nop
	op	PV_LOCK_slowpath, native_queued_spin_lock_slowpath
	op	PV_LOCK_unlock, __raw_callee_save___native_queued_spin_unlock
	op	PV_LOCK_wait, _paravirt_nop
	op	PV_LOCK_kick, _paravirt_nop
	op	PV_LOCK_vcpu_is_preempted, __raw_callee_save___native_vcpu_is_preempted
endobject pv_ops

# struct cpuinfo_x86, as btf.S describes it: zeroes until the kernel has run.
object boot_cpu_data, 32
	.skip	CPUINFO_size
endobject boot_cpu_data

# ------------------------------------------------- read-only after the start

	.section .data..ro_after_init, "aw", @progbits

object x86_return_thunk
	.quad	__x86_return_thunk
endobject x86_return_thunk

# --------------------------------------------------------------- read-only

	.section .rodata, "a", @progbits

object linux_banner
	.asciz	"Linux version 6.1.0-mini (mini@pvpatch) (GNU assembler and ld) #1 SMP PREEMPT_DYNAMIC pvpatch fixture\n"
endobject linux_banner

# The names in /proc/cpuinfo, by number, NULL where a feature has none or does
# not show it. name TABLE INDEX TEXT, in ascending order.
.macro name table:req, index:req, text:req
	.org	\table + (\index) * 8
	.quad	.Lname\@
	.pushsection .rodata.str, "a", @progbits
.Lname\@:
	.asciz	"\text"
	.popsection
.endm

object x86_cap_flags, 32
	name	x86_cap_flags, 0*32+0, fpu
	name	x86_cap_flags, 0*32+2, de
	name	x86_cap_flags, 0*32+3, pse
	name	x86_cap_flags, 0*32+4, tsc
	name	x86_cap_flags, 0*32+5, msr
	name	x86_cap_flags, 0*32+6, pae
	name	x86_cap_flags, 0*32+7, mce
	name	x86_cap_flags, 0*32+8, cx8
	name	x86_cap_flags, 0*32+9, apic
	name	x86_cap_flags, 0*32+11, sep
	name	x86_cap_flags, 0*32+12, mtrr
	name	x86_cap_flags, 0*32+13, pge
	name	x86_cap_flags, 0*32+14, mca
	name	x86_cap_flags, 0*32+15, cmov
	name	x86_cap_flags, 0*32+16, pat
	name	x86_cap_flags, 0*32+17, pse36
	name	x86_cap_flags, 0*32+19, clflush
	name	x86_cap_flags, 0*32+23, mmx
	name	x86_cap_flags, 0*32+24, fxsr
	name	x86_cap_flags, 0*32+25, sse
	name	x86_cap_flags, 0*32+26, sse2
	name	x86_cap_flags, 1*32+11, syscall
	name	x86_cap_flags, 1*32+20, nx
	name	x86_cap_flags, 1*32+29, lm
	name	x86_cap_flags, 3*32+16, rep_good
	name	x86_cap_flags, 3*32+20, nopl
	# 3*32+21, ALWAYS, is hidden
	name	x86_cap_flags, 4*32+13, cx16
	name	x86_cap_flags, 4*32+31, hypervisor
	# 8*32+16, XENPV, +20, PVUNLOCK, and +21, VCPUPREEMPT, are hidden
	name	x86_cap_flags, 9*32+9, erms
	name	x86_cap_flags, 9*32+20, smap
	# 11*32+12, RETPOLINE, +13, RETPOLINE_LFENCE, and +14, RETHUNK, are hidden
	name	x86_cap_flags, 16*32+16, la57
	name	x86_cap_flags, 18*32+4, fsrm
	.org	x86_cap_flags + NCAPINTS * 32 * 8
endobject x86_cap_flags

object x86_bug_flags, 32
	name	x86_bug_flags, 8, sysret_ss_attrs
	name	x86_bug_flags, 15, spectre_v1
	name	x86_bug_flags, 16, spectre_v2
	name	x86_bug_flags, 27, retbleed
	name	x86_bug_flags, 32, srso
	.org	x86_bug_flags + NBUGINTS * 32 * 8
endobject x86_bug_flags

# -------------------------------------------------------------------- notes

# What the build added to the version, in a note beside the build id.
	.section .note.Linux, "a", @note
	.balign	4
	.long	2f - 1f, 4f - 3f, 0x100
1:	.asciz	"Linux"
2:	.balign	4
3:	.asciz	"6.1.0-mini"
4:	.balign	4

# ------------------------------------------------------------ the rest of it

	.section .data..percpu, "aw", @progbits
object mini_cpu_number
	.quad	0
endobject mini_cpu_number

	.section .bss, "aw", @nobits
object mini_stack, 4096
	.skip	4096
endobject mini_stack
