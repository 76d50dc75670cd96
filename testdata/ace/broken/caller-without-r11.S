#: timer_interrupt
func timer_interrupt
	endbr64
	jmp	ace_inc_timer_counter	# as if it were a function
end_func timer_interrupt
