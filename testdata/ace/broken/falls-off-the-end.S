#: end
	.org	__ace_start + 4096 - 5, 0xcc
	.globl	ace_refuse
	.type	ace_refuse, @function
ace_refuse:
	mov	$-1, %eax
	end_entry ace_refuse
	.globl	__ace_end
__ace_end:
