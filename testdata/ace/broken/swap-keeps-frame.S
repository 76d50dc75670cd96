#: asm_timer_interrupt
func asm_timer_interrupt
	SAVE
	TEST_ACE .Lnot_ace
	mov	%rax, R11(%rsp)		# RIP in the frame stays in the area
	RESUME_FLAGS
	RESUME_ACE .Lcontinue
.Lcontinue:
	CONTINUE_ACE
.Lnot_ace:
	HANDLE	timer_interrupt
end_func asm_timer_interrupt
