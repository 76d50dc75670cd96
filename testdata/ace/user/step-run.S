# step-run.S - void step_run(uint64_t registers[16], uint64_t flags): jump to a
# routine of the area with every register and flag given, and keep what it leaves.
# In order: rax (where to jump), rbx, rcx, rdx, rsi, rdi, rbp, r8 to r15, flags.
# With the trap flag set, the first trap comes at the routine's first instruction.

	.text
	.balign	16
	.globl	step_run
	.type	step_run, @function
step_run:
	endbr64
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	push	%rdi
	push	%rsi
	mov	0(%rdi), %rax
	mov	8(%rdi), %rbx
	mov	16(%rdi), %rcx
	mov	24(%rdi), %rdx
	mov	32(%rdi), %rsi
	mov	48(%rdi), %rbp
	mov	56(%rdi), %r8
	mov	64(%rdi), %r9
	mov	72(%rdi), %r10
	mov	88(%rdi), %r12
	mov	96(%rdi), %r13
	mov	104(%rdi), %r14
	mov	112(%rdi), %r15
	mov	40(%rdi), %rdi
	lea	.Lback(%rip), %r11
	popfq
	jmp	*%rax
.Lback:
	pushfq
	push	%r11
	pushfq
	andl	$~0x100, (%rsp)
	popfq
	cld
	mov	16(%rsp), %r11
	mov	%rax, 0(%r11)
	mov	%rbx, 8(%r11)
	mov	%rcx, 16(%r11)
	mov	%rdx, 24(%r11)
	mov	%rsi, 32(%r11)
	mov	%rdi, 40(%r11)
	mov	%rbp, 48(%r11)
	mov	%r8, 56(%r11)
	mov	%r9, 64(%r11)
	mov	%r10, 72(%r11)
	mov	%r12, 88(%r11)
	mov	%r13, 96(%r11)
	mov	%r14, 104(%r11)
	mov	%r15, 112(%r11)
	pop	%rax
	mov	%rax, 80(%r11)
	pop	%rax
	and	$0xcd5, %eax
	mov	%rax, 120(%r11)
	pop	%rdi
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	ret
	.size	step_run, . - step_run

	.section .note.GNU-stack, "", @progbits
