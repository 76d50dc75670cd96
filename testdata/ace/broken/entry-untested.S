#: asm_timer_interrupt
func asm_timer_interrupt
	SAVE
	HANDLE	timer_interrupt
end_func asm_timer_interrupt
