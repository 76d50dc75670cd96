#: asm_sysvec_apic_timer_interrupt
func asm_sysvec_apic_timer_interrupt
	SAVE
	TEST_ACE .Lnot_ace
	SWAP_ACE
	RESUME_FLAGS
	mov	RCX(%rsp), %rcx
	mov	RAX(%rsp), %rax
	jmp	*R11(%rsp)		# r11 still names the caller
.Lnot_ace:
	HANDLE	timer_interrupt
end_func asm_sysvec_apic_timer_interrupt
