#: begin
	.section .ace, "awx", @progbits
	.balign	4096, 0xcc
	.globl	__ace_start
__ace_start:
