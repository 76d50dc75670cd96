# btf.S - .BTF, the kernel's description of its own types: as much of it as says
# what pv_ops holds and how long the patching records are.

	.include "mini.inc"

# One section of three parts, kept apart as subsections: header, types, names.
	.section .BTF, "a", @progbits
	.subsection 0
	.short	0xeb9f			# magic
	.byte	1, 0			# version, flags
	.long	24			# header length
	.long	0, .Ltypes_end - .Ltypes
	.long	.Ltypes_end - .Ltypes, .Lnames_end - .Lnames
	.subsection 1
.Ltypes:
	.subsection 2
.Lnames:
	.byte	0			# offset 0: no name
	.subsection 1

BTF_KIND_INT		= 1
BTF_KIND_PTR		= 2
BTF_KIND_ARRAY		= 3
BTF_KIND_STRUCT		= 4
BTF_KIND_UNION		= 5
BTF_KIND_FUNC_PROTO	= 13
BTF_INT_SIGNED		= 1
BTF_INT_CHAR		= 2
btf_next = 0

# btf_type ID KIND VLEN SIZE_OR_TYPE [NAME]: struct btf_type. It is number ID,
# counting from 1, and may be named by that before it is defined.
.macro btf_type id:req, kind:req, vlen:req, size_or_type:req, name
	btf_next = btf_next + 1
	.set	\id, btf_next
	btf_name "\name"
	.long	(\kind) << 24 | (\vlen)
	.long	\size_or_type
.endm

.macro btf_name name
	.ifeqs "\name", ""
	.long	0
	.else
	.long	.Lbtf_name\@ - .Lnames
	.subsection 2
.Lbtf_name\@:
	.asciz	"\name"
	.subsection 1
	.endif
.endm

.macro btf_int id:req, size:req, encoding:req, name:req
	btf_type \id, BTF_KIND_INT, 0, \size, "\name"
	.long	(\encoding) << 24 | (\size) * 8
.endm

.macro btf_array id:req, type:req, count:req
	btf_type \id, BTF_KIND_ARRAY, 0, 0
	.long	\type, T_unsigned_int, \count
.endm

# btf_member NAME TYPE OFFSET: of the struct or union above, OFFSET in bytes.
.macro btf_member name, type:req, offset:req
	btf_name "\name"
	.long	\type, (\offset) * 8
.endm

	btf_int	T_unsigned_int, 4, 0, "unsigned int"
	btf_int	T_int, 4, BTF_INT_SIGNED, "int"
	btf_int	T_long, 8, BTF_INT_SIGNED, "long int"
	btf_int	T_unsigned_long, 8, 0, "long unsigned int"
	btf_int	T_short, 2, 0, "short unsigned int"
	btf_int	T_byte, 1, 0, "unsigned char"
	btf_int	T_char, 1, BTF_INT_SIGNED, "char"
	btf_type T_pointer, BTF_KIND_PTR, 0, 0			# void *
	btf_type T_byte_pointer, BTF_KIND_PTR, 0, T_byte		# u8 *
	btf_type T_function, BTF_KIND_FUNC_PROTO, 0, 0		# void ()
	btf_type T_op, BTF_KIND_PTR, 0, T_function		# void (*)()

# ----------------------------------------------------------------- op table

	btf_type T_callee_save, BTF_KIND_STRUCT, 1, 8, "paravirt_callee_save"
	btf_member "func", T_pointer, 0

	btf_type T_lazy, BTF_KIND_STRUCT, 3, 24, "pv_lazy_ops"
	btf_member "enter", T_op, 0
	btf_member "leave", T_op, 8
	btf_member "flush", T_op, 16

	btf_type T_cpu, BTF_KIND_STRUCT, 5, 5*8, "pv_cpu_ops"
	btf_member "io_delay", T_op, PV_CPU_io_delay
	btf_member "read_cr0", T_op, PV_CPU_read_cr0
	btf_member "write_cr0", T_op, PV_CPU_write_cr0
	btf_member "set_ldt", T_op, PV_CPU_set_ldt
	btf_member "wbinvd", T_op, PV_CPU_wbinvd

PV_IRQ	= PV_IRQ_save_fl
	btf_type T_irq, BTF_KIND_STRUCT, 5, 5*8, "pv_irq_ops"
	btf_member "save_fl", T_callee_save, PV_IRQ_save_fl-PV_IRQ
	btf_member "irq_disable", T_callee_save, PV_IRQ_irq_disable-PV_IRQ
	btf_member "irq_enable", T_callee_save, PV_IRQ_irq_enable-PV_IRQ
	btf_member "safe_halt", T_op, PV_IRQ_safe_halt-PV_IRQ
	btf_member "halt", T_op, PV_IRQ_halt-PV_IRQ

PV_MMU	= PV_MMU_flush_tlb_user
	btf_type T_mmu, BTF_KIND_STRUCT, 7, 9*8, "pv_mmu_ops"
	btf_member "flush_tlb_user", T_op, PV_MMU_flush_tlb_user-PV_MMU
	btf_member "exit_mmap", T_op, PV_MMU_exit_mmap-PV_MMU
	btf_member "read_cr2", T_callee_save, PV_MMU_read_cr2-PV_MMU
	btf_member "write_cr3", T_op, PV_MMU_write_cr3-PV_MMU
	btf_member "pte_val", T_callee_save, PV_MMU_pte_val-PV_MMU
	btf_member "make_pte", T_callee_save, PV_MMU_make_pte-PV_MMU
	btf_member "lazy_mode", T_lazy, PV_MMU_lazy_enter-PV_MMU

PV_LOCK	= PV_LOCK_slowpath
	btf_type T_lock, BTF_KIND_STRUCT, 5, 5*8, "pv_lock_ops"
	btf_member "queued_spin_lock_slowpath", T_op, PV_LOCK_slowpath-PV_LOCK
	btf_member "queued_spin_unlock", T_callee_save, PV_LOCK_unlock-PV_LOCK
	btf_member "wait", T_op, PV_LOCK_wait-PV_LOCK
	btf_member "kick", T_op, PV_LOCK_kick-PV_LOCK
	btf_member "vcpu_is_preempted", T_callee_save, PV_LOCK_vcpu_is_preempted-PV_LOCK

	btf_type T_template, BTF_KIND_STRUCT, 4, PV_OPS_size, "paravirt_patch_template"
	btf_member "cpu", T_cpu, 0
	btf_member "irq", T_irq, PV_IRQ
	btf_member "mmu", T_mmu, PV_MMU
	btf_member "lock", T_lock, PV_LOCK

# ---------------------------------------------------------------- the CPU

	btf_array T_capability, T_unsigned_int, NCAPINTS+NBUGINTS
	btf_array T_vendor_id, T_char, 16

	# Without a name, so that the words are aligned as bit operations want them.
	btf_type T_capability_union, BTF_KIND_UNION, 2, (NCAPINTS+NBUGINTS)*4
	btf_member "x86_capability", T_capability, 0
	btf_member "x86_capability_alignment", T_unsigned_long, 0

	btf_type T_cpuinfo, BTF_KIND_STRUCT, 7, CPUINFO_size, "cpuinfo_x86"
	btf_member "x86", T_byte, 0
	btf_member "x86_vendor", T_byte, 1
	btf_member "x86_model", T_byte, 2
	btf_member "x86_stepping", T_byte, 3
	btf_member "x86_tlbsize", T_int, 4
	btf_member "", T_capability_union, CPUINFO_x86_capability
	btf_member "x86_vendor_id", T_vendor_id, CPUINFO_size-16

# ------------------------------------------------------------- the records

	btf_type T_paravirt_patch_site, BTF_KIND_STRUCT, 3, 16, "paravirt_patch_site"
	btf_member "instr", T_byte_pointer, 0
	btf_member "type", T_byte, 8
	btf_member "len", T_byte, 9

	btf_type T_alt_instr, BTF_KIND_STRUCT, 5, 12, "alt_instr"
	btf_member "instr_offset", T_int, 0
	btf_member "repl_offset", T_int, 4
	btf_member "cpuid", T_short, 8
	btf_member "instrlen", T_byte, 10
	btf_member "replacementlen", T_byte, 11

	btf_type T_jump_entry, BTF_KIND_STRUCT, 3, 16, "jump_entry"
	btf_member "code", T_int, 0
	btf_member "target", T_int, 4
	btf_member "key", T_long, 8

	btf_type T_jump_entry_pointer, BTF_KIND_PTR, 0, T_jump_entry
	btf_type T_static_key_union, BTF_KIND_UNION, 2, 8
	btf_member "type", T_unsigned_long, 0
	btf_member "entries", T_jump_entry_pointer, 0

	btf_type T_atomic, BTF_KIND_STRUCT, 1, 4, "atomic_t"
	btf_member "counter", T_int, 0

	btf_type T_static_key, BTF_KIND_STRUCT, 2, 16, "static_key"
	btf_member "enabled", T_atomic, 0
	btf_member "", T_static_key_union, 8

	btf_type T_static_call_site, BTF_KIND_STRUCT, 2, 8, "static_call_site"
	btf_member "addr", T_int, 0
	btf_member "key", T_int, 4

	btf_type T_static_call_site_pointer, BTF_KIND_PTR, 0, T_static_call_site
	btf_type T_static_call_union, BTF_KIND_UNION, 2, 8
	btf_member "type", T_unsigned_long, 0
	btf_member "sites", T_static_call_site_pointer, 0

	btf_type T_static_call_key, BTF_KIND_STRUCT, 2, 16, "static_call_key"
	btf_member "func", T_pointer, 0
	btf_member "", T_static_call_union, 8

	btf_type T_exception_table_entry, BTF_KIND_STRUCT, 3, 12, "exception_table_entry"
	btf_member "insn", T_int, 0
	btf_member "fixup", T_int, 4
	btf_member "data", T_int, 8

.Ltypes_end:
	.subsection 2
.Lnames_end:
