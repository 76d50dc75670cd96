#: ace_inc_counter
	entry	ace_inc_counter
	mov	%r11, %r10
	acquire ace_counter_lock
	mov	ace_counter(%rip), %rax
	add	$1, %rax
	mov	%rax, ace_counter(%rip)
	release ace_counter_lock
	jmp	*%r10
	end_entry ace_inc_counter
