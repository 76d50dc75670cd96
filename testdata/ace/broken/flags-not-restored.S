#: asm_timer_interrupt
func asm_timer_interrupt
	SAVE
	TEST_ACE .Lnot_ace
	SWAP_ACE
	RESUME_ACE .Lcontinue		# with the flags of the test
.Lcontinue:
	CONTINUE_ACE
.Lnot_ace:
	HANDLE	timer_interrupt
end_func asm_timer_interrupt
