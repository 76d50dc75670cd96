#: begin
	.section .ace, "ax", @progbits
	.balign	64, 0xcc
	.globl	__ace_start
__ace_start:

#: end
	.org	__ace_start + 4096, 0xcc
	.globl	__ace_end
__ace_end:
