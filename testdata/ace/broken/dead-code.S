#: ace_get_counters
	entry	ace_get_counters
	acquire ace_counter_lock
	mov	ace_counter(%rip), %rax
	mov	ace_timer_counter(%rip), %rdx
	release ace_counter_lock
	jmp	*%r11
	mov	$-1, %eax		# nothing leads here
	jmp	*%r11
	end_entry ace_get_counters
