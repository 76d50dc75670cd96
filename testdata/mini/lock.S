# lock.S - LOCK prefixes.
#
# alternatives_smp_unlock, 6.1, only where the kernel finds itself on one CPU
# (up-lfence): for each of .smp_locks that is not zero and whose address lies in
# _text .. _etext, a byte f0 becomes 3e. It runs after the alternatives, and
# looks at the byte that is there by then.

	.include "mini.inc"

func mini_atomic_inc
	lock_prefix atomic_inc
	incl	(%rdi)
	return	mini_atomic_inc
endfunc mini_atomic_inc

func mini_atomic_add
	lock_prefix atomic_add
	xaddl	%eax, (%rdi)
	return	mini_atomic_add
endfunc mini_atomic_add

	# A record of zero is none at all; the page's end is full of them.
	.pushsection .smp_locks, "a", @progbits
	.long	0
	.popsection

# Recorded, but the prefix is a DS already: only f0 is touched.
func mini_atomic_unlocked
	site	lock, already_ds, ".byte 0x3e"
	record_lock lock.already_ds
	decl	(%rdi)
	return	mini_atomic_unlocked
endfunc mini_atomic_unlocked

# Outside _text .. _etext: init text keeps its locks.
func mini_atomic_init .init.text
	site	lock, in_init, ".byte 0xf0"
	record_lock lock.in_init
	incl	(%rdi)
	return	mini_atomic_init
endfunc mini_atomic_init

# The lock is the first byte of an alternative's original, and the alternative
# is selected everywhere (XMM2): 0f ae f0 and the 3-byte NOP. The record still
# points here, but at 0f: nothing to do.
func mini_mfence
	site	alternative, mfence, ".byte 0xf0; addl $0, -4(%rsp)", after="mfence; nops 3"
	inner	lock, under_mfence, alternative.mfence, 0, 1
	record_lock lock.under_mfence
	alternative mfence, X86_FEATURE_XMM2, "mfence"
	return	mini_mfence
endfunc mini_mfence

# The lock is in the original of an alternative that no target selects (LA57).
func mini_lock_in_original
	site	alternative, lock_in_original, ".byte 0xf0; btsl $3, (%rdi)", up_lfence=".byte 0x3e; btsl $3, (%rdi)"
	inner	lock, in_original, alternative.lock_in_original, 0, 1
	record_lock lock.in_original
	alternative lock_in_original, X86_FEATURE_LA57, "btsl $3, (%rdi)"
	return	mini_lock_in_original
endfunc mini_lock_in_original

# The lock is in a replacement: its record points into .altinstr_replacement,
# outside _text .. _etext, and the copy has no record. On one CPU it stays f0.
.macro locked_cmpxchg16b
	site	lock, in_replacement, ".byte 0xf0"
	record_lock lock.in_replacement
	cmpxchg16b (%rsi)
.endm

func mini_cmpxchg16b
	site	alternative, cmpxchg16b, "call mini_cmpxchg16b_emu", after=".byte 0xf0; cmpxchg16b (%rsi)"
	alternative cmpxchg16b, X86_FEATURE_CX16, "locked_cmpxchg16b"
	return	mini_cmpxchg16b
endfunc mini_cmpxchg16b

func mini_cmpxchg16b_emu
	pushf
	orc	.text, 16
	cli
	popf
	orc	.text, 8
	return	mini_cmpxchg16b_emu
endfunc mini_cmpxchg16b_emu
