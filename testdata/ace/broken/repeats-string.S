#: ace_pool_get
	entry	ace_pool_get
	lea	ace_pool(%rip), %r9
	acquire ace_message_lock
	mov	ace_pool_free(%rip), %eax
	test	%eax, %eax
	jz	.Lget_new
	sub	$1, %eax
	cmp	$ACE_MESSAGES, %eax
	jae	.Lget_none
	mov	%eax, %edx
	shl	$6, %edx
	lea	(%r9,%rdx), %r10
	mov	LINK(%r10), %ecx
	mov	%ecx, ace_pool_free(%rip)
	jmp	.Lget_done
.Lget_new:
	mov	ace_pool_used(%rip), %eax
	cmp	$ACE_MESSAGES, %eax
	jae	.Lget_none
	lea	1(%rax), %ecx
	mov	%ecx, ace_pool_used(%rip)
	mov	%eax, %edx
	shl	$6, %edx
	lea	(%r9,%rdx), %r10
.Lget_done:
	lea	8(%r10), %rdi
	mov	ace_pool_used(%rip), %ecx
	mov	%eax, %edx
	xor	%eax, %eax
	rep stosb
	mov	%edx, %eax
	movl	$OUT, STATE(%r10)
	release ace_message_lock
	jmp	*%r11
.Lget_none:
	release ace_message_lock
	mov	$-1, %eax
	jmp	*%r11
	end_entry ace_pool_get
