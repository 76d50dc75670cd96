#: ace_pool_put
	entry	ace_pool_put
	mov	%edi, %edx
	cmp	$ACE_MESSAGES, %edx
	jae	.Lput_no
	lea	1(%rdx), %ecx
	shl	$6, %edx
	lea	ace_pool(%rip), %r9
	lea	(%r9,%rdx), %r10
	acquire ace_message_lock
	cmpl	$OUT, STATE(%r10)
	jne	.Lput_refuse
	mov	ace_pool_free(%rip), %eax
	mov	%eax, LINK(%r10)
	mov	%ecx, ace_pool_free(%rip)
	movl	$IN_POOL, STATE(%r10)
	release ace_message_lock
	xor	%eax, %eax
	std
	jmp	*%r11
.Lput_refuse:
	release ace_message_lock
.Lput_no:
	mov	$-1, %eax
	jmp	*%r11
	end_entry ace_pool_put
