# head.S - where a kernel starts, and the functions everything else leans on.

	.include "mini.inc"

	.section .head.text, "ax", @progbits
	.globl	startup_64
	.type	startup_64, @function
startup_64:
	orc	.head.text, 8
	cli
1:	hlt
	jmp	1b
	.size	startup_64, . - startup_64

# The tracer's entry. Nobody traces the tracer: it has no ftrace site.
func __fentry__
	return	fentry_end
endfunc __fentry__

# A traced function with a body, so that its ftrace site is not all there is.
func mini_kernel_init
	fentry	mini_kernel_init
	push	%rbx
	orc	.text, 16
	mov	%edi, %ebx
	call	mini_early_setup
	mov	%ebx, %eax
	pop	%rbx
	orc	.text, 8
	return	mini_kernel_init
endfunc mini_kernel_init

# A read that may fault: the exception table says where to go on.
func mini_rdmsr_safe
	mov	%edi, %ecx
1:	rdmsr
2:	extable	EX_TYPE_RDMSR_SAFE, 1b, 2b
	return	mini_rdmsr_safe
endfunc mini_rdmsr_safe

# ---------------------------------------------------------------- init text

# ftrace, 6.1: init text is traced too while it exists, so its sites become
# NOPs like any others.
func mini_early_setup .init.text
	fentry	mini_early_setup, .init.text
	# apply_paravirt, 6.1: no difference between init and other text.
	site	paravirt, init_read_cr0, "call *pv_ops+PV_CPU_read_cr0(%rip)", after="call native_read_cr0; nop"
	record_paravirt paravirt.init_read_cr0, PV_CPU_read_cr0, CLBR_ANY
	# apply_returns, 6.1: nor here.
	return	mini_early_setup
endfunc mini_early_setup

# Text of a driver's exit, which a built-in one never runs; the kernel throws it
# away with the rest of init. It lies after _einittext, so it is not "kernel
# text" to those passes that ask, and the return pass does not ask.
func mini_exit .exit.text
	xor	%eax, %eax
	return	mini_exit
endfunc mini_exit
