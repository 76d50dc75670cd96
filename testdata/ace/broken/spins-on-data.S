#: ace_get_counters
	entry	ace_get_counters
	acquire ace_counter_lock
.Lagain:
	mov	ace_counter(%rip), %rax
	mov	ace_timer_counter(%rip), %rdx
	cmp	%rax, ace_counter(%rip)
	jne	.Lagain
	release ace_counter_lock
	jmp	*%r11
	end_entry ace_get_counters
