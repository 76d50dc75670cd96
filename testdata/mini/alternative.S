# alternative.S - instructions chosen by what the CPU can do.
#
# apply_alternatives, 6.1, for each record in table order:
#   - it is selected if the feature is present (bit 15 set: absent);
#   - selected: the replacement, then 90s to the site's length. Of the moved
#     code only one instruction is corrected, and only if it comes first and is
#     the whole of a 5-byte replacement: e8 gets a displacement counted from the
#     site; e9 too, and where it goes forward by no more than 129 bytes from the
#     site's start it becomes eb and a 3-byte NOP. Backwards it stays e9.
#   - selected or not: every run of two or more 90s that are instructions of
#     their own, anywhere in the site, becomes NOPs of up to 8 bytes.
# The replacement is text too, but is never run where it lies.
# More of them: over paravirt sites (paravirt.S), with retpolines, returns and
# locks in them (retpoline.S, return.S, lock.S).

	.include "mini.inc"

# ------------------------------------------------------------ 90s and nothing

# STAC and CLAC replace nothing. Not selected (SMAP absent), the three 90s of
# the build still become the 3-byte NOP: the commonest site of all. The access
# between them has an exception table entry.
func mini_get_user
	site	alternative, stac, "padding 3", after="nops 3", up_lfence="stac"
	alternative stac, X86_FEATURE_SMAP, "stac"
1:	mov	(%rdi), %eax
2:	site	alternative, clac, "padding 3", after="nops 3", up_lfence="clac"
	alternative clac, X86_FEATURE_SMAP, "clac"
	extable	EX_TYPE_UACCESS, 1b, 2b
	return	mini_get_user
endfunc mini_get_user

# The same in init text, which is no different.
func mini_get_user_init .init.text
	site	alternative, init_stac, "padding 3", after="nops 3", up_lfence="stac"
	alternative init_stac, X86_FEATURE_SMAP, "stac"
	return	mini_get_user_init
endfunc mini_get_user_init

# Selected on no target (LA57) and nothing to optimise: stays as it is.
func mini_address_bits
	site	alternative, address_bits, "mov $47, %eax"
	alternative address_bits, X86_FEATURE_LA57, "mov $56, %eax"
	return	mini_address_bits
endfunc mini_address_bits

# Not selected, with eleven 90s: an 8-byte NOP and a 3-byte one.
func mini_long_padding
	site	alternative, long_padding, "mov %rdi, %rax; padding 11", after="mov %rdi, %rax; nops 8; nops 3"
	alternative long_padding, X86_FEATURE_LA57, "mov %rdi, %rax; shl $7, %rax; sar $7, %rax"
	return	mini_long_padding
endfunc mini_long_padding

# Not selected, with a single 90, which is as good as a NOP gets.
func mini_single_nop
	site	alternative, single_nop, "xor %eax, %eax; padding 1"
	alternative single_nop, X86_FEATURE_LA57, "xor %rax, %rax"
	return	mini_single_nop
endfunc mini_single_nop

# Not selected. Four 90s are the immediate of a MOV and must stay; only the two
# behind it are instructions.
func mini_nop_immediate
	site	alternative, nop_immediate, "mov $0x90909090, %eax; padding 2", after="mov $0x90909090, %eax; nops 2"
	alternative nop_immediate, X86_FEATURE_LA57, "mov $0x90909091, %eax"
	return	mini_nop_immediate
endfunc mini_nop_immediate

# Not selected. f3 90 is PAUSE, one instruction of two bytes: it parts the run
# of two from the run of three.
func mini_pause_between
	site	alternative, pause_between, "padding 2; pause; padding 3", after="nops 2; pause; nops 3"
	alternative pause_between, X86_FEATURE_LA57, "pause"
	return	mini_pause_between
endfunc mini_pause_between

# Selected everywhere; the replacement has a run of its own, which is optimised
# after the copy, and ends where the site's padding begins: one run of five.
func mini_nops_in_replacement
	site	alternative, nops_in_replacement, "mov $1, %eax; padding 3", after="lfence; nops 5"
	alternative nops_in_replacement, X86_FEATURE_ALWAYS, "lfence; padding 2"
	return	mini_nops_in_replacement
endfunc mini_nops_in_replacement

# The feature is a bug: its number lies behind the features (22*32 + 8). Where
# the CPU has it (up-lfence) five bytes of six are replaced, and a single 90
# stays.
func mini_sysret_ss
	site	alternative, sysret_ss, "padding 6", after="nops 6", up_lfence="mov $0x18, %ecx; nop"
	alternative sysret_ss, X86_BUG_SYSRET_SS_ATTRS, "mov $0x18, %ecx"
	return	mini_sysret_ss
endfunc mini_sysret_ss

# ------------------------------------------------------- several on one site

# memcpy's two. REP_GOOD replaces by nothing: replacement length 0, all 90s, so
# the 5-byte NOP. ERMS (up-lfence) comes later in the table and wins: a forward
# jump within reach, eb.
func memcpy
	site	alternative, memcpy, "jmp32 memcpy_orig", after="nops 5", up_lfence="jmp8 memcpy_erms; nops 3"
	alternative memcpy, X86_FEATURE_REP_GOOD
	alternative memcpy, X86_FEATURE_ERMS, "jmp32 memcpy_erms"
	mov	%rdi, %rax
	mov	%rdx, %rcx
	shr	$3, %rcx
	and	$7, %edx
	rep movsq
	mov	%edx, %ecx
	rep movsb
	return	memcpy
endfunc memcpy

func memcpy_erms
	mov	%rdi, %rax
	mov	%rdx, %rcx
	rep movsb
	return	memcpy_erms
endfunc memcpy_erms

func memcpy_orig
	mov	%rdi, %rax
	mov	%rdx, %rcx
	rep movsb
	return	memcpy_orig
endfunc memcpy_orig

# Three calls, of which the last selected one stays: REP_GOOD on all targets,
# ERMS on up-lfence only. Each is five bytes and starts with e8, so its
# displacement is counted from the site.
func mini_copy
	site	alternative, copy, "call mini_copy_generic", after="call mini_copy_string", up_lfence="call mini_copy_fast"
	alternative copy, X86_FEATURE_REP_GOOD, "call mini_copy_string"
	alternative copy, X86_FEATURE_ERMS, "call mini_copy_fast"
	return	mini_copy
endfunc mini_copy

# The other way round: the first record is selected (ALWAYS), the second is not
# (LA57), so the first stands. And a call that is shorter than its site.
func mini_copy_first
	site	alternative, copy_first, "mov $8, %edx; call mini_copy_generic", after="call mini_copy_string; nops 5"
	alternative copy_first, X86_FEATURE_ALWAYS, "call mini_copy_string"
	alternative copy_first, X86_FEATURE_LA57, "mov $9, %edx; xor %eax, %eax"
	return	mini_copy_first
endfunc mini_copy_first

# Two records of which baseline selects neither and up-lfence both: there ERMS
# writes a jump (eb 06) and NOPs, and then FSRM its five bytes over them, padded
# to the site's length again, so that nothing of the first is left.
func mini_memmove
	site	alternative, memmove, "cmp $0x20, %rdx; jb 1f; padding 2", after="cmp $0x20, %rdx; jb 1f; nops 2", up_lfence="mov %rdx, %rcx; rep movsb; nops 3"
	alternative memmove, X86_FEATURE_ERMS, "jmp32 1f"
	alternative memmove, X86_FEATURE_FSRM, "mov %rdx, %rcx; rep movsb"
1:	return	mini_memmove
endfunc mini_memmove

func mini_copy_generic
	rep movsb
	return	mini_copy_generic
endfunc mini_copy_generic

func mini_copy_string
	rep movsq
	return	mini_copy_string
endfunc mini_copy_string

func mini_copy_fast
	mov	%rdx, %rcx
	rep movsb
	return	mini_copy_fast
endfunc mini_copy_fast

# --------------------------------------------------------------------- jumps

# The reach of the short form, to the byte: 129 from the site's start still is
# a jump over 127 bytes (eb 7f) and the 3-byte NOP; 130 is not. Selected
# everywhere.
func mini_jump_reach
	site	alternative, jump_129, "call mini_copy_generic", after="jmp8 .Ljump_129; nops 3"
	alternative jump_129, X86_FEATURE_ALWAYS, "jmp32 .Ljump_129"
	.skip	site.alternative.jump_129 + 129 - ., 0xcc
.Ljump_129:
	site	alternative, jump_130, "call mini_copy_generic", after="jmp32 .Ljump_130"
	alternative jump_130, X86_FEATURE_ALWAYS, "jmp32 .Ljump_130"
	.skip	site.alternative.jump_130 + 130 - ., 0xcc
.Ljump_130:
	# Backwards, by one byte: 6.1 compares a negative number with its low byte
	# and never finds them equal. It stays e9. (The site is longer than the
	# jump: the 3-byte NOP behind it is padding.)
	nop
	site	alternative, jump_back, "cmp $1, %rdi; jne .Ljump_130; padding 2", after="jmp32 .Ljump_130; nops 3"
	alternative jump_back, X86_FEATURE_ALWAYS, "jmp32 .Ljump_130"
	return	mini_jump_reach
endfunc mini_jump_reach

# A test for a feature, as the compiler sees static_cpu_has(): until the kernel
# has patched itself it jumps to a real test, out of line in .altinstr_aux.
# ALWAYS replaces that by the jump to "no", here within reach; the feature, later
# in the table, by nothing: it falls through to "yes".
func mini_has_smap
	site	alternative, has_smap, "jmp32 .Lsmap_test", after="jmp8 .Lsmap_no; nops 3", up_lfence="nops 5"
	alternative has_smap, X86_FEATURE_ALWAYS, "jmp32 .Lsmap_no"
	alternative has_smap, X86_FEATURE_SMAP
.Lsmap_yes:
	mov	$1, %eax
	return	has_smap_yes
.Lsmap_no:
	xor	%eax, %eax
	return	has_smap_no
endfunc mini_has_smap

	.section .altinstr_aux, "ax", @progbits
.Lsmap_test:
	testb	$1 << (X86_FEATURE_SMAP & 7), boot_cpu_data + CPUINFO_x86_capability + X86_FEATURE_SMAP / 8(%rip)
	jnz	.Lsmap_yes
	jmp	.Lsmap_no
