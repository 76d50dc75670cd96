# jump-label.S - branches on static keys.
#
# A site jumps where key->enabled differs from the branch bit of its record, and
# is a NOP where they are equal. In the file every site already is what its key
# says, so jump_label_init, 6.1, writes nothing; only a key that changed leaves a
# trace in the text (up-lfence: mini_key_flip, 0 in the image, 1 in the profile).
# The length is that of the instruction at the site, two bytes or five.
#
#   enabled  branch bit                in the file                 key bit 1
#     0      0  if (unlikely(false))   NOP  (objtool wrote it)         1
#     0      1  if (likely(false))     jump                            0
#     1      0  if (unlikely(true))    jump                            0
#     1      1  if (likely(true))      NOP  (objtool wrote it)         1

	.include "mini.inc"

# The key that changes: each NOP becomes a jump, each jump a NOP, at its length.
func mini_flip_short
	site	jump_label, flip_nop2, "nops 2", up_lfence="jmp8 1f"
	record_jump_label jump_label.flip_nop2, 1f, mini_key_flip, JUMP_NOPPED
	site	jump_label, flip_jmp8, "jmp8 1f", up_lfence="nops 2"
	record_jump_label jump_label.flip_jmp8, 1f, mini_key_flip, JUMP_BRANCH
	pause
1:	return	mini_flip_short
endfunc mini_flip_short

func mini_flip_near
	# Backwards, out of a 2-byte jump's sight: the displacement is negative.
	site	jump_label, flip_nop5, "nops 5", up_lfence="jmp32 mini_flip_short"
	record_jump_label jump_label.flip_nop5, mini_flip_short, mini_key_flip, JUMP_NOPPED
	site	jump_label, flip_jmp32, "jmp32 1f", up_lfence="nops 5"
	record_jump_label jump_label.flip_jmp32, 1f, mini_key_flip, JUMP_BRANCH
	.skip	160, 0xcc
1:	return	mini_flip_near
endfunc mini_flip_near

# The key that is true from the start.
func mini_true
	site	jump_label, true_likely, "nops 2"
	record_jump_label jump_label.true_likely, 1f, mini_key_true, JUMP_NOPPED+JUMP_BRANCH
	site	jump_label, true_unlikely, "jmp8 1f"
	record_jump_label jump_label.true_unlikely, 1f, mini_key_true
	pause
1:	return	mini_true
endfunc mini_true

# The key that is false and stays so.
func mini_false
	site	jump_label, false_unlikely, "nops 5"
	record_jump_label jump_label.false_unlikely, 1f, mini_key_false, JUMP_NOPPED
	site	jump_label, false_likely, "jmp8 1f"
	record_jump_label jump_label.false_likely, 1f, mini_key_false, JUMP_BRANCH
	pause
1:	return	mini_false
endfunc mini_false

# In init text. Not on the key that changes: whether its site would change with
# it depends on whether the kernel was still booting then, which the text that
# is left cannot tell.
func mini_true_init .init.text
	site	jump_label, init_likely, "nops 2"
	record_jump_label jump_label.init_likely, 1f, mini_key_true, JUMP_NOPPED+JUMP_BRANCH
	pause
1:	return	mini_true_init
endfunc mini_true_init

# In exit text, on the key that changes. jump_label_can_update, 6.1: what is not
# kernel text (_stext .. _etext, _sinittext .. _einittext) is never updated, and
# .exit.text lies behind both. The NOP stays.
func mini_flip_exit .exit.text
	site	jump_label, flip_exit, "nops 2"
	record_jump_label jump_label.flip_exit, 1f, mini_key_flip, JUMP_NOPPED
	pause
1:	return	mini_flip_exit
endfunc mini_flip_exit

# --------------------------------------------------------------------- keys

# struct static_key: int enabled, 4 bytes of padding, unsigned long type, whose
# bit 0 says that the key began as true.
.macro static_key name:req, enabled:req
	.section .data, "aw", @progbits
	.balign	8
	.globl	\name
	.type	\name, @object
\name:
	.long	\enabled, 0
	.quad	\enabled
	.size	\name, 16
.endm

	static_key mini_key_flip, 0
	static_key mini_key_true, 1
	static_key mini_key_false, 0
