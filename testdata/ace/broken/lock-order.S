#: ace_get_counters
	entry	ace_get_counters
	acquire ace_counter_lock
	acquire ace_message_lock
	mov	ace_counter(%rip), %rax
	mov	ace_timer_counter(%rip), %rdx
	mov	ace_pool_used(%rip), %ecx
	release ace_counter_lock
	release ace_message_lock
	jmp	*%r11
	end_entry ace_get_counters
