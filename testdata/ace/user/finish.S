# finish.S - the part of HANDLE_ACE that C cannot say: run an interrupted routine
# of the area to its end, on its own registers and flags but on this stack, with
# r11 naming a place in here.
#
# int ace_finish(greg_t *registers, const sigset_t *mask, uint64_t flags)
#
# registers are those of the interrupted program (uc_mcontext.gregs), whose RIP is
# in the area; on return they are what they would be if it had not been
# interrupted before it was back at its caller. All signals are blocked at first;
# those outside mask are let in before the routine goes on.
#
# That leaves a gap: from the system call to the jump, the routine's lock may be
# held while RIP is not in the area. A signal that comes there must not think it
# is free. So ace_handle() knows the gap's bounds: it finishes the routine whose
# registers it finds on the interrupted stack, and makes the interrupted
# ace_finish go on at its end. A signal that comes behind the gap finds RIP in the
# area, and r11 at ace_finish's own continuation: nothing special.

# The order of gregs in ucontext_t.
R8	= 0
R9	= 8
R10	= 16
R11	= 24
R12	= 32
R13	= 40
R14	= 48
R15	= 56
RDI	= 64
RSI	= 72
RBP	= 80
RBX	= 88
RDX	= 96
RAX	= 104
RCX	= 112
RIP	= 128
EFL	= 136

ARITHMETIC		= 0xcd5		# CF PF AF ZF SF DF OF
SYS_RT_SIGPROCMASK	= 14
SIG_SETMASK		= 2

	.text
	.balign	16
	.globl	ace_finish
	.type	ace_finish, @function
ace_finish:
	endbr64
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	push	%rdi			# in the gap, at 8(%rsp)
	push	RIP(%rdi)		# in the gap, at (%rsp)
	push	%rdx
	mov	R11(%rdi), %rax		# the swap: the frame returns to the caller
	mov	%rax, RIP(%rdi)
	mov	$SIG_SETMASK, %edi
	xor	%edx, %edx
	mov	$8, %r10d
	mov	$SYS_RT_SIGPROCMASK, %eax
	syscall

	.globl	ace_gap_start, ace_gap_popped, ace_gap_end, ace_finished
ace_gap_start:
	popfq
ace_gap_popped:
	mov	8(%rsp), %r11
	mov	R8(%r11), %r8
	mov	R9(%r11), %r9
	mov	R10(%r11), %r10
	mov	R12(%r11), %r12
	mov	R13(%r11), %r13
	mov	R14(%r11), %r14
	mov	R15(%r11), %r15
	mov	RDI(%r11), %rdi
	mov	RSI(%r11), %rsi
	mov	RBP(%r11), %rbp
	mov	RBX(%r11), %rbx
	mov	RDX(%r11), %rdx
	mov	RAX(%r11), %rax
	mov	RCX(%r11), %rcx
	lea	.Lcontinue(%rip), %r11	# the swap's other half
	jmp	*(%rsp)
ace_gap_end:

# The routine is done. r11 is free: at the caller it holds the caller's address,
# as the saved one still does.
.Lcontinue:
	mov	8(%rsp), %r11
	mov	%r8, R8(%r11)
	mov	%r9, R9(%r11)
	mov	%r10, R10(%r11)
	mov	%r12, R12(%r11)
	mov	%r13, R13(%r11)
	mov	%r14, R14(%r11)
	mov	%r15, R15(%r11)
	mov	%rdi, RDI(%r11)
	mov	%rsi, RSI(%r11)
	mov	%rbp, RBP(%r11)
	mov	%rbx, RBX(%r11)
	mov	%rdx, RDX(%r11)
	mov	%rax, RAX(%r11)
	mov	%rcx, RCX(%r11)
	pushfq
	pop	%rax
	and	$ARITHMETIC, %eax
	andl	$~ARITHMETIC, EFL(%r11)
	or	%rax, EFL(%r11)
ace_finished:
	cld
	add	$16, %rsp
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	ret
	.size	ace_finish, . - ace_finish

	.section .note.GNU-stack, "", @progbits
