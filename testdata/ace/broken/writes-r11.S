#: ace_get_counters
	entry	ace_get_counters
	acquire ace_counter_lock
	mov	%r11, %r10
	mov	ace_counter(%rip), %r11
	mov	ace_timer_counter(%rip), %rdx
	mov	%r11, %rax
	mov	%r10, %r11
	release ace_counter_lock
	jmp	*%r11
	end_entry ace_get_counters
