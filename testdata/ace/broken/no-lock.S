#: ace_inc_counter
	entry	ace_inc_counter
	mov	ace_counter(%rip), %rax
	add	$1, %rax
	mov	%rax, ace_counter(%rip)
	jmp	*%r11
	end_entry ace_inc_counter
