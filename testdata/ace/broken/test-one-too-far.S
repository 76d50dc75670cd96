#: asm_sysvec_reschedule_ipi
func asm_sysvec_reschedule_ipi
	SAVE
	mov	RIP(%rsp), %rax
	lea	__ace_start(%rip), %rcx
	cmp	%rcx, %rax
	jb	.Lnot_ace
	lea	__ace_end(%rip), %rcx
	cmp	%rcx, %rax
	ja	.Lnot_ace
	SWAP_ACE
	RESUME_FLAGS
	RESUME_ACE .Lcontinue
.Lcontinue:
	CONTINUE_ACE
.Lnot_ace:
	HANDLE	reschedule_ipi
end_func asm_sysvec_reschedule_ipi
