# static-call.S - calls through static keys, and their trampolines.
#
# In the file every site calls, or jumps to, the trampoline __SCT__NAME. At boot
# static_call_init, 6.1, makes of each site, with f the function in __SCK__NAME:
#                    f is a function     f is __static_call_return0   f is NULL
#   call             call f              2e 2e 2e 31 c0               5-byte NOP
#   tail jmp         jmp f               jmp __static_call_return0    c3 cc cc cc cc
#   tail jcc.d32     jcc f               jcc __static_call_return0    jcc __static_call_return
# This happens before the kernel has chosen a return thunk: RETHUNK is not yet
# set, so the last column is the same on every target. (Only a key set to NULL
# later on would give a jump to the return thunk.)
#
# The trampolines are left alone, unless a key changes after boot began
# (up-lfence: __SCK__mini_tick): then the trampoline becomes jmp f too.

	.include "mini.inc"

.macro plain_return
	ret
	int3
	int3
	int3
	int3
.endm

# A function. up-lfence says the key was changed: mini_tick_fast.
func mini_tick_user
	site	static_call, tick_call, "call __SCT__mini_tick", after="call mini_tick_default", up_lfence="call mini_tick_fast"
	record_static_call static_call.tick_call, mini_tick
	test	%eax, %eax
	# jcc.d32 keeps its condition; the displacement is counted from its end.
	site	static_call, tick_jcc, "jcc32 4, __SCT__mini_tick", after="jcc32 4, mini_tick_default", up_lfence="jcc32 4, mini_tick_fast"
	record_static_call static_call.tick_jcc, mini_tick, STATIC_CALL_SITE_TAIL
	site	static_call, tick_tail, "jmp32 __SCT__mini_tick", after="jmp32 mini_tick_default", up_lfence="jmp32 mini_tick_fast"
	record_static_call static_call.tick_tail, mini_tick, STATIC_CALL_SITE_TAIL
endfunc mini_tick_user

# No function: nothing is called.
func mini_null_user
	site	static_call, null_call, "call __SCT__mini_null", after="nops 5"
	record_static_call static_call.null_call, mini_null
	test	%eax, %eax
	site	static_call, null_jcc, "jcc32 5, __SCT__mini_null", after="jcc32 5, __static_call_return"
	record_static_call static_call.null_jcc, mini_null, STATIC_CALL_SITE_TAIL
	site	static_call, null_tail, "jmp32 __SCT__mini_null", after="plain_return"
	record_static_call static_call.null_tail, mini_null, STATIC_CALL_SITE_TAIL
endfunc mini_null_user

# The function that returns 0: the call becomes XOR %eax, %eax behind three CS
# prefixes. Only a call does; tail calls jump to the function.
func mini_ret0_user
	site	static_call, ret0_call, "call __SCT__mini_ret0", after=".byte 0x2e, 0x2e, 0x2e; xor %eax, %eax"
	record_static_call static_call.ret0_call, mini_ret0
	test	%edi, %edi
	site	static_call, ret0_jcc, "jcc32 8, __SCT__mini_ret0", after="jcc32 8, __static_call_return0"
	record_static_call static_call.ret0_jcc, mini_ret0, STATIC_CALL_SITE_TAIL
	site	static_call, ret0_tail, "jmp32 __SCT__mini_ret0", after="jmp32 __static_call_return0"
	record_static_call static_call.ret0_tail, mini_ret0, STATIC_CALL_SITE_TAIL
endfunc mini_ret0_user

# A site in init text, with a key in init data. In the file bit 1 of the
# record's key is clear even here.
func mini_init_user .init.text
	site	static_call, init_call, "call __SCT__mini_init", after="call mini_tick_default"
	record_static_call static_call.init_call, mini_init
	return	mini_init_user
endfunc mini_init_user

func mini_tick_default
	fentry	mini_tick_default
	mov	$1, %eax
	return	mini_tick_default
endfunc mini_tick_default

func mini_tick_fast
	mov	$2, %eax
	return	mini_tick_fast
endfunc mini_tick_fast

func __static_call_return0
	fentry	__static_call_return0
	xor	%eax, %eax
	return	static_call_return0
endfunc __static_call_return0

# A real return, no site: where a conditional tail call to nothing goes.
func __static_call_return
	ret
	int3
endfunc __static_call_return

# -------------------------------------------------------------- trampolines
#
# Eight bytes: a jump, and UD1 %esp, %ecx (0f b9 cc), by which the kernel knows
# them.

.macro trampoline name:req
	.section .static_call.text, "ax", @progbits
	.balign	4
	.globl	__SCT__\name
	.type	__SCT__\name, @function
__SCT__\name:
.endm

.macro end_trampoline name:req
	.byte	0x0f, 0xb9, 0xcc
	.size	__SCT__\name, . - __SCT__\name
.endm

trampoline mini_tick
	site	static_call, tick_trampoline, "jmp32 mini_tick_default", up_lfence="jmp32 mini_tick_fast"
end_trampoline mini_tick

# An empty call's trampoline is a return, and a site of the return pass. That
# pass sees the UD1 behind it and writes what static calls write for a tail call
# to nothing, by now with the return thunk known: the same bytes as for any
# other return.
trampoline mini_null
	return	null_trampoline
end_trampoline mini_null

trampoline mini_ret0
	jmp32	__static_call_return0
end_trampoline mini_ret0

trampoline mini_init
	jmp32	mini_tick_default
end_trampoline mini_init

# --------------------------------------------------------------------- keys

# struct static_call_key: void *func; unsigned long type (filled in at boot).
.macro static_call_key name:req, function:req, section=.data
	.section \section, "aw", @progbits
	.balign	8
	.globl	__SCK__\name
	.type	__SCK__\name, @object
__SCK__\name:
	.quad	\function
	.quad	0
	.size	__SCK__\name, 16
.endm

	static_call_key mini_tick, mini_tick_default
	static_call_key mini_null, 0
	static_call_key mini_ret0, __static_call_return0
	static_call_key mini_init, mini_tick_default, .init.data

# struct static_call_tramp_key, 8 bytes: for modules that may call but not see
# the key.
	.section .static_call_tramp_key, "a", @progbits
	.balign	4
	.long	__SCT__mini_ret0 - .
	.long	__SCK__mini_ret0 - .
