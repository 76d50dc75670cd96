#: asm_common_interrupt
func asm_common_interrupt
	SAVE
	TEST_ACE .Lnot_ace
	SWAP_ACE
	RESUME_FLAGS
	mov	RAX(%rsp), %rax		# but rcx was used by the test as well
	lea	.Lcontinue(%rip), %r11
	jmp	*R11(%rsp)
.Lcontinue:
	CONTINUE_ACE
.Lnot_ace:
	HANDLE	common_interrupt
end_func asm_common_interrupt
