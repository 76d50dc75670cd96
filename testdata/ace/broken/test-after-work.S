#: asm_common_interrupt
func asm_common_interrupt
	SAVE
	mov	%rsp, %rdi
	call	common_interrupt
	TEST_ACE .Lto_return
	SWAP_ACE
	RESUME_FLAGS
	RESUME_ACE .Lcontinue
.Lcontinue:
	CONTINUE_ACE
.Lto_return:
	jmp	return_from_interrupt
end_func asm_common_interrupt
