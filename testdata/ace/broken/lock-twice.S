#: ace_inc_timer_counter
	entry	ace_inc_timer_counter
	acquire ace_counter_lock
	acquire ace_counter_lock
	mov	ace_timer_counter(%rip), %rax
	add	$1, %rax
	mov	%rax, ace_timer_counter(%rip)
	release ace_counter_lock
	jmp	*%r11
	end_entry ace_inc_timer_counter
