#: table
	.globl	__ace_table
__ace_table:
	slot	ace_inc_counter
	slot	ace_inc_timer_counter
	slot	ace_get_counters
	slot	ace_queue_push
	slot	ace_queue_pop
	slot	ace_pool_get
	slot	.Lput_no
	.globl	__ace_table_end
__ace_table_end:
