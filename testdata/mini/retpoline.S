# retpoline.S - indirect branches through thunks, and the thunks.
#
# apply_retpolines, 6.1, for each of .retpoline_sites:
#   RETPOLINE, not RETPOLINE_LFENCE   the site stays as it is (baseline);
#   RETPOLINE and RETPOLINE_LFENCE    LFENCE and the indirect branch, if that is
#                                     no longer than the site, else it stays;
#   no RETPOLINE                      the indirect branch.
# A jump gets an INT3 behind it if there is room; then NOPs to the old length.
# The length of %r8 to %r15 is one more, for REX; for them the compiler puts a
# CS prefix before the call, so that the LFENCE fits.

	.include "mini.inc"

func mini_indirect_calls
	# ff d0 and three bytes: LFENCE fits exactly; without it, the 3-byte NOP.
	site	retpoline, call_rax, "call __x86_indirect_thunk_rax", up_lfence="lfence; call *%rax", no_mitigation="call *%rax; nops 3"
	record_retpoline retpoline.call_rax
	site	retpoline, call_rbp, "call __x86_indirect_thunk_rbp", up_lfence="lfence; call *%rbp", no_mitigation="call *%rbp; nops 3"
	record_retpoline retpoline.call_rbp
	# 2e e8, six bytes: LFENCE and 41 ff d3 fit exactly.
	site	retpoline, cs_call_r11, ".byte 0x2e; call __x86_indirect_thunk_r11", up_lfence="lfence; call *%r11", no_mitigation="call *%r11; nops 3"
	record_retpoline retpoline.cs_call_r11
	# Without the prefix, as older compilers leave it: LFENCE makes six bytes of
	# it, which do not fit in five. The kernel then leaves the call to the thunk.
	site	retpoline, call_r11, "call __x86_indirect_thunk_r11", no_mitigation="call *%r11; nops 2"
	record_retpoline retpoline.call_r11
	return	mini_indirect_calls
endfunc mini_indirect_calls

func mini_indirect_jumps
	test	%edi, %edi
	js	1f
	jz	2f
	cmp	$1, %edi
	je	3f
	# ff e0, INT3, and the 2-byte NOP. With LFENCE no byte is left for INT3.
	site	retpoline, jmp_rdx, "jmp __x86_indirect_thunk_rdx", up_lfence="lfence; jmp *%rdx", no_mitigation="jmp *%rdx; int3; nops 2"
	record_retpoline retpoline.jmp_rdx
	# 41 ff e4, INT3, NOP.
1:	site	retpoline, cs_jmp_r12, ".byte 0x2e; jmp __x86_indirect_thunk_r12", up_lfence="lfence; jmp *%r12", no_mitigation="jmp *%r12; int3; nops 2"
	record_retpoline retpoline.cs_jmp_r12
	# As above without the prefix: one 90 is left, and one is not optimised.
2:	site	retpoline, jmp_r11, "jmp __x86_indirect_thunk_r11", no_mitigation="jmp *%r11; int3; nop"
	record_retpoline retpoline.jmp_r11
	# A conditional tail call, jcc.d32: the opposite condition jumps over the
	# indirect jump, to the site's end (+4). With LFENCE this makes eight bytes
	# (seven below) and the site has six: it stays.
3:	site	retpoline, jne_r11, "jne __x86_indirect_thunk_r11", no_mitigation=".byte 0x74, 4; jmp *%r11; int3"
	record_retpoline retpoline.jne_r11
	# 75 04 ff e0, INT3, and a single 90.
	site	retpoline, je_rax, "je __x86_indirect_thunk_rax", no_mitigation=".byte 0x75, 4; jmp *%rax; int3; nop"
	record_retpoline retpoline.je_rax
	return	mini_indirect_jumps
endfunc mini_indirect_jumps

# A retpoline in a replacement. Retpolines come before alternatives, so the
# replacement is patched where it lies, and the result is copied:
#   baseline       the call to the thunk, its displacement moved to the site
#                  (5 bytes, first byte e8);
#   up-lfence      LFENCE and the call: not e8, copied as it is;
#   no-mitigation  ff d0 and the 3-byte NOP, copied as they are.
# In the image the site is the bare call with NOPs as the build pads them.
.macro nospec_call
	site	retpoline, in_replacement, "call __x86_indirect_thunk_rax", up_lfence="lfence; call *%rax", no_mitigation="call *%rax; nops 3"
	record_retpoline retpoline.in_replacement
.endm

func mini_retpoline_in_replacement
	site	alternative, call_nospec, "call *%rax; padding 3", baseline="call __x86_indirect_thunk_rax", up_lfence="lfence; call *%rax", no_mitigation="call *%rax; nops 3"
	alternative call_nospec, X86_FEATURE_ALWAYS, "nospec_call"
	return	mini_retpoline_in_replacement
endfunc mini_retpoline_in_replacement

# ---------------------------------------------------------------- the thunks
#
# __x86_indirect_thunk_array: sixteen of them, 32 bytes apart, in the order of
# the registers' numbers; a retpoline site's register is found from the thunk's
# place in the array. Each is two alternatives over 21 bytes:
#   RETPOLINE_LFENCE   LFENCE, jmp *%reg, INT3, and NOPs (8 + 7, or 8 + 6);
#   not RETPOLINE      jmp *%reg and NOPs (8 + 8 + 3, or 8 + 8 + 2).
# Where neither is selected (baseline), the return at the end of the body is all
# that changes; where one is, it overwrites the return that was patched before.

.macro thunk_body reg
	call	.Ldo_\reg
.Lspec_\reg:
	pause
	lfence
	jmp	.Lspec_\reg
.Ldo_\reg:
	mov	%\reg, (%rsp)
	return_insn
.endm

.macro thunk reg, rex
	.balign	32, 0xcc
	.globl	__x86_indirect_thunk_\reg
	.type	__x86_indirect_thunk_\reg, @function
__x86_indirect_thunk_\reg:
	site	alternative, thunk_\reg, "thunk_body \reg", up_lfence="lfence; jmp *%\reg; int3; nops 15-\rex", no_mitigation="jmp *%\reg; nops 19-\rex"
	inner	return, thunk_\reg, alternative.thunk_\reg, 16, 5
	record_return return.thunk_\reg
	alternative thunk_\reg, X86_FEATURE_RETPOLINE_LFENCE, "lfence; jmp *%\reg; int3"
	alternative thunk_\reg, ALT_NOT+X86_FEATURE_RETPOLINE, "jmp *%\reg"
	.size	__x86_indirect_thunk_\reg, . - __x86_indirect_thunk_\reg
.endm

	.section .text..__x86.indirect_thunk, "ax", @progbits
	.balign	32, 0xcc
	.globl	__x86_indirect_thunk_array
__x86_indirect_thunk_array:
	# struct orc_entry: no registers known, end: nothing is unwound from here.
	.pushsection .orc_unwind_ip.thunks, "a", @progbits
	.long	__x86_indirect_thunk_array - .
	.popsection
	.pushsection .orc_unwind.thunks, "a", @progbits
	.short	0, 0
	.byte	0x00, 0x04
	.popsection
	.irp	reg, rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi
	thunk	\reg, 0
	.endr
	.irp	reg, r8, r9, r10, r11, r12, r13, r14, r15
	thunk	\reg, 1
	.endr
	.balign	32, 0xcc
