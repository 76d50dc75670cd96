# return.S - returns, and the thunks they go through.
#
# apply_returns, 6.1, for each of .return_sites, which all hold
# "jmp __x86_return_thunk" (e9 and a displacement):
#   RETHUNK   jmp to what x86_return_thunk points to (up-lfence: the profile
#             names srso_return_thunk);
#   else      RET, and INT3 to the old length: c3 cc cc cc cc.
# Every other function of the fixture ends in such a site too. Elsewhere: in
# .init.text and .exit.text (head.S), in each thunk (retpoline.S), in the
# trampolines of empty static calls (static-call.S).

	.include "mini.inc"

# Two ways out of one function.
func mini_two_returns
	test	%edi, %edi
	jne	1f
	xor	%eax, %eax
	return	two_returns_zero
1:	mov	$1, %eax
	return	two_returns_one
endfunc mini_two_returns

# A return inside the original of an alternative which is not selected:
# the return pass writes it, apply_alternatives only looks for NOPs.
# up-lfence selects the alternative (ERMS), which then writes over it; the jump
# goes forward by less than 130 bytes and so takes its 2-byte form.
func mini_return_in_original
	site	alternative, return_in_original, "xor %eax, %eax; return_insn", up_lfence="jmp8 1f; nops 3; nops 2"
	inner	return, in_original, alternative.return_in_original, 2, 5
	record_return return.in_original
	alternative return_in_original, X86_FEATURE_ERMS, "jmp32 1f"
1:	rep stosb
	return	return_in_original_end
endfunc mini_return_in_original

# The same with padding behind the return. Not selected, optimize_nops() still
# makes one NOP of it: both kinds write here, the alternative last. The INT3s
# decode one by one and do not stop it.
func mini_return_and_padding
	site	alternative, return_and_padding, "xor %eax, %eax; return_insn; padding 4", baseline="xor %eax, %eax; return_insn; nops 4", up_lfence="mov %rdi, %rax; mov %rsi, %rcx; rep stosb; nops 3", no_mitigation="xor %eax, %eax; return_insn; nops 4"
	inner	return, before_padding, alternative.return_and_padding, 2, 5
	record_return return.before_padding
	alternative return_and_padding, X86_FEATURE_ERMS, "mov %rdi, %rax; mov %rsi, %rcx; rep stosb"
	return	return_and_padding_end
endfunc mini_return_and_padding

# A return in a replacement. The return pass comes first and patches it where it
# lies, in .altinstr_replacement; then apply_alternatives copies five bytes:
#   RETHUNK off   c3 cc cc cc cc: neither call nor jump, copied as they are;
#   RETHUNK on    e9 and a displacement counted from the replacement: five bytes
#                 that start with e9 are counted anew from the site. The thunk is
#                 further than 129 bytes away, so the jump stays 5 bytes long.
# This works only while the jump is the whole replacement: at any other place
# within one, nothing would correct it.
.macro replacement_return
	site	return, in_replacement, "return_insn"
	record_return return.in_replacement
.endm

func mini_return_in_replacement
	site	alternative, return_in_replacement, "jmp32 mini_slow_path", after="return_insn"
	alternative return_in_replacement, X86_FEATURE_ALWAYS, "replacement_return"
endfunc mini_return_in_replacement

func mini_slow_path
	pause
	return	mini_slow_path
endfunc mini_slow_path

# ---------------------------------------------------------- the return thunks

	.section .text..__x86.return_thunk, "ax", @progbits

	# What the compiler's returns jump to. A real return: no site.
	.balign	64, 0xcc
	.globl	__x86_return_thunk
	.type	__x86_return_thunk, @function
__x86_return_thunk:
	ret
	int3
	.size	__x86_return_thunk, . - __x86_return_thunk

	.balign	64, 0xcc
	.globl	srso_safe_ret
	.type	srso_safe_ret, @function
srso_safe_ret:
	lea	8(%rsp), %rsp
	ret
	int3
	.size	srso_safe_ret, . - srso_safe_ret

	# What up-lfence's returns jump to.
	.balign	16, 0xcc
	.globl	srso_return_thunk
	.type	srso_return_thunk, @function
srso_return_thunk:
	call	srso_safe_ret
	ud2
	.size	srso_return_thunk, . - srso_return_thunk
