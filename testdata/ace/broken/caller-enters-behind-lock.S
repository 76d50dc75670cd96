#: timer_interrupt
func timer_interrupt
	endbr64
	CALL_ACE ace_inc_timer_counter+9	# behind the lock, which is slow
	ret
end_func timer_interrupt
