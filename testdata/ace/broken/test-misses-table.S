#: asm_sysvec_call_function
func asm_sysvec_call_function
	SAVE
	TEST_ACE .Lnot_ace, start=__ace_table_end
	SWAP_ACE
	RESUME_FLAGS
	RESUME_ACE .Lcontinue
.Lcontinue:
	CONTINUE_ACE
.Lnot_ace:
	HANDLE	call_function
end_func asm_sysvec_call_function
