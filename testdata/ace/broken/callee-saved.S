#: ace_queue_pop
	entry	ace_queue_pop
	mov	%edi, %eax
	cmp	$ACE_QUEUES, %eax
	jae	.Lpop_no
	lea	ace_queues(%rip), %r8
	lea	(%r8,%rax,8), %r8
	lea	ace_pool(%rip), %r9
	acquire ace_message_lock
	mov	HEAD(%r8), %eax
	sub	$1, %eax
	cmp	$ACE_MESSAGES, %eax
	jae	.Lpop_empty
	mov	%eax, %edx
	shl	$6, %edx
	lea	(%r9,%rdx), %r10
	mov	LINK(%r10), %ebx
	mov	%ebx, HEAD(%r8)
	test	%ebx, %ebx
	jnz	.Lpop_more
	movl	$0, TAIL(%r8)
.Lpop_more:
	movl	$OUT, STATE(%r10)
	release ace_message_lock
	jmp	*%r11
.Lpop_empty:
	release ace_message_lock
.Lpop_no:
	mov	$-1, %eax
	jmp	*%r11
	end_entry ace_queue_pop
