#: ace_queue_push
	entry	ace_queue_push
	mov	%edi, %eax		# what a caller left above 32 bits is gone
	mov	%esi, %edx
	cmp	$ACE_QUEUES, %eax
	jae	.Lpush_no
	lea	ace_queues(%rip), %r8
	lea	(%r8,%rax,8), %r8	# the queue
	lea	1(%rdx), %ecx		# the link to the message
	shl	$6, %edx
	lea	ace_pool(%rip), %r9
	lea	(%r9,%rdx), %r10	# the message
	acquire ace_message_lock
	cmpl	$OUT, STATE(%r10)
	jne	.Lpush_refuse
	mov	TAIL(%r8), %eax
	test	%eax, %eax
	jz	.Lpush_first
	sub	$1, %eax
	cmp	$ACE_MESSAGES, %eax
	jae	.Lpush_refuse
	shl	$6, %eax
	mov	%ecx, LINK(%r9,%rax)
	jmp	.Lpush_last
.Lpush_first:
	mov	%ecx, HEAD(%r8)
.Lpush_last:
	mov	%ecx, TAIL(%r8)
	movl	$0, LINK(%r10)
	movl	$IN_QUEUE, STATE(%r10)
	release ace_message_lock
	xor	%eax, %eax
	jmp	*%r11
.Lpush_refuse:
	release ace_message_lock
.Lpush_no:
	mov	$-1, %eax
	jmp	*%r11
	end_entry ace_queue_push
