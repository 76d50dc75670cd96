# paravirt.S - calls through pv_ops.
#
# apply_paravirt, 6.1 (5.12 to 6.7): a site is six bytes, call *pv_ops+OFF(%rip).
# The record's type is OFF / 8. With f the pointer found in pv_ops:
#   f == _paravirt_nop   nothing is called: all NOPs;
#   f == NULL            call paravirt_BUG;
#   else                 call f;
# and NOPs to the old length: one byte, 90, after a call. What the clobbers say
# makes no difference any more, nor does the platform: pv_ops does.
#
# The last group carries an alternative as well. Alternatives come after
# paravirt, so the call above is written first and then written over.
# One more site in init text: mini_early_setup in head.S.

	.include "mini.inc"

func mini_io_delay
	site	paravirt, io_delay, "call *pv_ops+PV_CPU_io_delay(%rip)", after="call native_io_delay; nop"
	record_paravirt paravirt.io_delay, PV_CPU_io_delay, CLBR_ANY
	return	mini_io_delay
endfunc mini_io_delay

# Two sites in one function; a call backwards rather than forwards does not
# matter, both displacements are simply counted from the site.
func mini_cr0
	site	paravirt, read_cr0, "call *pv_ops+PV_CPU_read_cr0(%rip)", after="call native_read_cr0; nop"
	record_paravirt paravirt.read_cr0, PV_CPU_read_cr0, CLBR_ANY
	mov	%rax, %rdi
	site	paravirt, write_cr0, "call *pv_ops+PV_CPU_write_cr0(%rip)", after="call native_write_cr0; nop"
	record_paravirt paravirt.write_cr0, PV_CPU_write_cr0, CLBR_ANY
	return	mini_cr0
endfunc mini_cr0

# The op is _paravirt_nop: add_nops() fills all six bytes with one NOP.
func mini_exit_mmap
	site	paravirt, exit_mmap, "call *pv_ops+PV_MMU_exit_mmap(%rip)", after="nops 6"
	record_paravirt paravirt.exit_mmap, PV_MMU_exit_mmap, CLBR_ANY
	site	paravirt, lazy_leave, "call *pv_ops+PV_MMU_lazy_leave(%rip)", after="nops 6"
	record_paravirt paravirt.lazy_leave, PV_MMU_lazy_leave, CLBR_ANY
	return	mini_exit_mmap
endfunc mini_exit_mmap

# The op is NULL, as in a kernel built without local descriptor tables.
func mini_set_ldt
	site	paravirt, set_ldt, "call *pv_ops+PV_CPU_set_ldt(%rip)", after="call paravirt_BUG; nop"
	record_paravirt paravirt.set_ldt, PV_CPU_set_ldt, CLBR_ANY
	return	mini_set_ldt
endfunc mini_set_ldt

# In assembly sources the record ends after len: no clobbers, only padding.
func mini_safe_halt
	site	paravirt, safe_halt, "call *pv_ops+PV_IRQ_safe_halt(%rip)", after="call native_safe_halt; nop"
	record_paravirt paravirt.safe_halt, PV_IRQ_safe_halt
	return	mini_safe_halt
endfunc mini_safe_halt

# The last op but one of the table's last part.
func mini_lock_slowpath
	site	paravirt, lock_slowpath, "call *pv_ops+PV_LOCK_slowpath(%rip)", after="call native_queued_spin_lock_slowpath; nop"
	record_paravirt paravirt.lock_slowpath, PV_LOCK_slowpath, CLBR_ANY
	return	mini_lock_slowpath
endfunc mini_lock_slowpath

# --------------------------------- paravirt sites under an alternative
#
# apply_alternatives, 6.1: selected, since XENPV (PVUNLOCK, VCPUPREEMPT) is
# absent from every target: the replacement, 90s to the site's length, and
# then optimize_nops() makes one NOP of the 90s.

func mini_irq_section
	# PUSHF, POP %rax, and the 4-byte NOP.
	site	alternative, save_fl, "call *pv_ops+PV_IRQ_save_fl(%rip)", after="pushf; pop %rax; nops 4"
	record_paravirt alternative.save_fl, PV_IRQ_save_fl
	alternative save_fl, ALT_NOT+X86_FEATURE_XENPV, "pushf; pop %rax"
	# CLI or STI, and the 5-byte NOP.
	site	alternative, irq_disable, "call *pv_ops+PV_IRQ_irq_disable(%rip)", after="cli; nops 5"
	record_paravirt alternative.irq_disable, PV_IRQ_irq_disable, CLBR_RAX
	alternative irq_disable, ALT_NOT+X86_FEATURE_XENPV, "cli"
	site	alternative, irq_enable, "call *pv_ops+PV_IRQ_irq_enable(%rip)", after="sti; nops 5"
	record_paravirt alternative.irq_enable, PV_IRQ_irq_enable, CLBR_RAX
	alternative irq_enable, ALT_NOT+X86_FEATURE_XENPV, "sti"
	return	mini_irq_section
endfunc mini_irq_section

func mini_switch_mm
	# MOV to and from control registers: three bytes, and the 3-byte NOP.
	site	alternative, read_cr2, "call *pv_ops+PV_MMU_read_cr2(%rip)", after="mov %cr2, %rax; nops 3"
	record_paravirt alternative.read_cr2, PV_MMU_read_cr2, CLBR_RAX
	alternative read_cr2, ALT_NOT+X86_FEATURE_XENPV, "mov %cr2, %rax"
	site	alternative, write_cr3, "call *pv_ops+PV_MMU_write_cr3(%rip)", after="mov %rdi, %cr3; nops 3"
	record_paravirt alternative.write_cr3, PV_MMU_write_cr3, CLBR_ANY
	alternative write_cr3, ALT_NOT+X86_FEATURE_XENPV, "mov %rdi, %cr3"
	# The op is _paravirt_ident_64: not special to 6.1, which calls it first.
	site	alternative, pte_val, "call *pv_ops+PV_MMU_pte_val(%rip)", after="mov %rdi, %rax; nops 3"
	record_paravirt alternative.pte_val, PV_MMU_pte_val, CLBR_RAX
	alternative pte_val, ALT_NOT+X86_FEATURE_XENPV, "mov %rdi, %rax"
	# WBINVD, two bytes, and the 4-byte NOP.
	site	alternative, wbinvd, "call *pv_ops+PV_CPU_wbinvd(%rip)", after="wbinvd; nops 4"
	record_paravirt alternative.wbinvd, PV_CPU_wbinvd, CLBR_ANY
	alternative wbinvd, ALT_NOT+X86_FEATURE_XENPV, "wbinvd"
	return	mini_switch_mm
endfunc mini_switch_mm

# The artificial features that paravirt_set_cap() sets when these ops are not
# the native ones; here they are.
func mini_spin_unlock
	site	alternative, spin_unlock, "call *pv_ops+PV_LOCK_unlock(%rip)", after="movb $0, (%rdi); nops 3"
	record_paravirt alternative.spin_unlock, PV_LOCK_unlock, CLBR_RAX
	alternative spin_unlock, ALT_NOT+X86_FEATURE_PVUNLOCK, "movb $0, (%rdi)"
	site	alternative, vcpu_is_preempted, "call *pv_ops+PV_LOCK_vcpu_is_preempted(%rip)", after="xor %rax, %rax; nops 3"
	record_paravirt alternative.vcpu_is_preempted, PV_LOCK_vcpu_is_preempted, CLBR_RAX
	alternative vcpu_is_preempted, ALT_NOT+X86_FEATURE_VCPUPREEMPT, "xor %rax, %rax"
	return	mini_spin_unlock
endfunc mini_spin_unlock

# ------------------------------------------------------- the native functions

func native_io_delay
	out	%al, $0x80
	return	native_io_delay
endfunc native_io_delay

func native_read_cr0
	mov	%cr0, %rax
	return	native_read_cr0
endfunc native_read_cr0

func native_write_cr0
	mov	%rdi, %cr0
	return	native_write_cr0
endfunc native_write_cr0

func native_wbinvd
	wbinvd
	return	native_wbinvd
endfunc native_wbinvd

func native_flush_tlb_local
	mov	%cr3, %rax
	mov	%rax, %cr3
	return	native_flush_tlb_local
endfunc native_flush_tlb_local

func native_write_cr3
	mov	%rdi, %cr3
	return	native_write_cr3
endfunc native_write_cr3

func _paravirt_ident_64
	mov	%rdi, %rax
	return	paravirt_ident_64
endfunc _paravirt_ident_64

func __raw_callee_save___native_queued_spin_unlock
	movb	$0, (%rdi)
	return	native_queued_spin_unlock
endfunc __raw_callee_save___native_queued_spin_unlock

func __raw_callee_save___native_vcpu_is_preempted
	xor	%eax, %eax
	return	native_vcpu_is_preempted
endfunc __raw_callee_save___native_vcpu_is_preempted

func native_queued_spin_lock_slowpath
1:	pause
	cmpl	$0, (%rdi)
	jne	1b
	return	native_queued_spin_lock_slowpath
endfunc native_queued_spin_lock_slowpath

func native_save_fl .noinstr.text
	pushf
	pop	%rax
	return	native_save_fl
endfunc native_save_fl

func pv_native_read_cr2 .noinstr.text
	mov	%cr2, %rax
	return	pv_native_read_cr2
endfunc pv_native_read_cr2

func pv_native_irq_enable .noinstr.text
	sti
	return	pv_native_irq_enable
endfunc pv_native_irq_enable

func pv_native_irq_disable .noinstr.text
	cli
	return	pv_native_irq_disable
endfunc pv_native_irq_disable

func native_safe_halt .noinstr.text
	sti
	hlt
	return	native_safe_halt
endfunc native_safe_halt

func native_halt .noinstr.text
	hlt
	return	native_halt
endfunc native_halt

func paravirt_BUG .noinstr.text
	ud2
endfunc paravirt_BUG

func _paravirt_nop .entry.text
	return	paravirt_nop
endfunc _paravirt_nop
