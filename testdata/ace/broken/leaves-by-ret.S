#: ace_inc_counter
	entry	ace_inc_counter
	acquire ace_counter_lock
	mov	ace_counter(%rip), %rax
	add	$1, %rax
	mov	%rax, ace_counter(%rip)
	release ace_counter_lock
	ret
	end_entry ace_inc_counter
