#: table
	.globl	__ace_table
__ace_table:
	.byte	0xeb			# the short form
	.byte	ace_inc_counter - . - 1
	.balign	16, 0xcc
	slot	ace_inc_timer_counter
	slot	ace_get_counters
	slot	ace_queue_push
	slot	ace_queue_pop
	slot	ace_pool_get
	slot	ace_pool_put
	.globl	__ace_table_end
__ace_table_end:
