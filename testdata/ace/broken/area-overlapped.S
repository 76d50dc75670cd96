#: end
	.balign	4096, 0xcc
	.globl	__ace_end
__ace_end:
	.section .table, "a", @progbits
	.fill	64, 4, 0xcccccccc
