# ftrace.S - traced functions.
#
# ftrace_init, 6.1: every address in __mcount_loc holds a call to __fentry__,
# and every one becomes the 5-byte NOP (0f 1f 44 00 00) on every CPU.
# More of them: mini_kernel_init, and mini_early_setup in init text (head.S).

	.include "mini.inc"

# The ordinary case: the call is the function's first instruction.
func mini_traced
	fentry	mini_traced
	lea	(%rdi,%rsi), %rax
	return	mini_traced
endfunc mini_traced

# With indirect-branch tracking the call comes second, after ENDBR64: the site
# is not the function's address. __mcount_loc names the call itself.
func mini_traced_endbr
	endbr64
	fentry	mini_traced_endbr
	mov	%rdi, %rax
	return	mini_traced_endbr
endfunc mini_traced_endbr

# A function that calls __fentry__ by itself: no record, so the call stays.
func mini_untraced
	call	__fentry__
	return	mini_untraced
endfunc mini_untraced
