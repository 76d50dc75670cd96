#: asm_timer_interrupt
func asm_timer_interrupt
	SAVE
	TEST_ACE .Lnot_ace, end=__ace_end-64
	SWAP_ACE
	RESUME_FLAGS
	RESUME_ACE .Lcontinue
.Lcontinue:
	CONTINUE_ACE
.Lnot_ace:
	HANDLE	timer_interrupt
end_func asm_timer_interrupt
