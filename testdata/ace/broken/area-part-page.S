#: end
	.globl	__ace_end
__ace_end:
