#: send
func send
	push	%rbx
	push	%rbp
	push	%r12
	mov	%edi, %ebp
	mov	%rsi, %r12
	CALL_ACE ace_pool_get
	cmp	$-1, %eax
	je	.Lsend_out
	mov	%eax, %ebx
	shl	$6, %rax
	lea	ace_pool(%rip), %rcx
	mov	%rsi, 8(%rcx,%rax)
	mov	%ebp, %edi
	mov	%ebx, %esi
	CALL_ACE ace_queue_push
	test	%eax, %eax
	jz	.Lsend_out
	mov	%ebx, %edi
	CALL_ACE ace_pool_put
	mov	$-1, %eax
.Lsend_out:
	pop	%r12
	pop	%rbp
	pop	%rbx
	ret
end_func send
