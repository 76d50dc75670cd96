#: reschedule_ipi
func reschedule_ipi
	endbr64
	mov	$3, %edi
	lea	.Lrescheduled(%rip), %r11
	call	drain
	jmp	ace_inc_counter
.Lrescheduled:
	ret
end_func reschedule_ipi
