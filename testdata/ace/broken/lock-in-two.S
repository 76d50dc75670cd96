#: ace_inc_counter
	entry	ace_inc_counter
	acquire ace_counter_lock
	mov	ace_counter(%rip), %rax
	release ace_counter_lock
	add	$1, %rax
	acquire ace_counter_lock
	mov	%rax, ace_counter(%rip)
	release ace_counter_lock
	jmp	*%r11
	end_entry ace_inc_counter
