# area.S - the reference area of atomic code: counters, and messages that are
# handed over by linking them into queues. area.lds links it alone, kernel.lds
# into the fixture kernel; ace.h says in C what is here in assembly.
#
# A caller puts the address it wants back in r11 and jumps to a routine or to
# its slot; every way out is `jmp *%r11`. An interrupt that comes anywhere in
# between lets the routine finish first, with r11 naming the interrupt's own
# continuation instead. So no routine may write r11 or keep anything on the
# stack: when it goes on, both belong to the interrupt. Arguments are in edi and
# esi, results in rax and rdx; rcx, r8, r9, r10 and the flags are lost as well.
#
# Why any boundary will do: between two instructions all that a routine knows is
# in registers and flags, which the interrupt gives back as they were, and in
# data under a lock that nobody else will take before the routine is done.
# Interrupted before it has the lock, it has changed nothing yet; behind the
# lock, nothing is left to change.
#
# The data are writable by every program that maps them, so nothing read from
# there is trusted: a link is followed only after a new check of its range. All
# zero is their valid first state: a link is a message's number plus one, and
# messages that were never used are told by a high-water mark.
#
# A line `#: NAME` begins a part, which broken/*.S may replace by another.

ACE_QUEUES	= 8
ACE_MESSAGES	= 1024
ACE_MESSAGE	= 64		# bytes in a message, a power of two

# A message begins with its link and with where it is.
LINK		= 0
STATE		= 4
IN_POOL		= 0
OUT		= 1		# belongs to whoever took it
IN_QUEUE	= 2

# A queue: links to the first message and to the last. Both are 0, or neither.
HEAD		= 0
TAIL		= 4

	.macro	entry name
	.balign	16, 0xcc
	.globl	\name
	.type	\name, @function
\name:
	.endm

	.macro	end_entry name
	.size	\name, . - \name
	.endm

	.macro	slot entry
	.byte	0xe9
	.long	\entry - . - 4
	.balign	16, 0xcc
	.endm

# Who finds the bit clear has the lock. The others only read, which leaves the
# line with its owner. Interrupted in here, the loop goes on with interrupts off,
# which ends: the owner is on another processor and cannot be held up either.
	.macro	acquire name
.Ltry\@:
	lock btsl $0, \name(%rip)
	jnc	.Lmine\@
.Lwait\@:
	pause
	cmpl	$0, \name(%rip)
	jne	.Lwait\@
	jmp	.Ltry\@
.Lmine\@:
	.endm

# A plain store: x86 shows it to others after every store before it.
	.macro	release name
	movl	$0, \name(%rip)
	.endm

#: begin
	.section .ace, "ax", @progbits
	.balign	4096, 0xcc
	.globl	__ace_start
__ace_start:

#: table
	.globl	__ace_table
__ace_table:
	slot	ace_inc_counter
	slot	ace_inc_timer_counter
	slot	ace_get_counters
	slot	ace_queue_push
	slot	ace_queue_pop
	slot	ace_pool_get
	slot	ace_pool_put
	.globl	__ace_table_end
__ace_table_end:

#: ace_inc_counter
# rax = the counter, one higher. Load, add and store are one step for everybody
# else: all who write or read the counter do so under this lock.
	entry	ace_inc_counter
	acquire ace_counter_lock
	mov	ace_counter(%rip), %rax
	add	$1, %rax
	mov	%rax, ace_counter(%rip)
	release ace_counter_lock
	jmp	*%r11
	end_entry ace_inc_counter

#: ace_inc_timer_counter
# rax = the timer counter, one higher; as above.
	entry	ace_inc_timer_counter
	acquire ace_counter_lock
	mov	ace_timer_counter(%rip), %rax
	add	$1, %rax
	mov	%rax, ace_timer_counter(%rip)
	release ace_counter_lock
	jmp	*%r11
	end_entry ace_inc_timer_counter

#: ace_get_counters
# rax, rdx = the counter and the timer counter at one moment: neither changes
# while the lock is held. In registers, because a store to where a caller points
# would be done with the kernel's rights when an interrupt finishes it.
	entry	ace_get_counters
	acquire ace_counter_lock
	mov	ace_counter(%rip), %rax
	mov	ace_timer_counter(%rip), %rdx
	release ace_counter_lock
	jmp	*%r11
	end_entry ace_get_counters

#: ace_queue_push
# Append message esi to queue edi: eax = 0, or -1 if it is no message or queue,
# or a message that is not out (so none is ever in two places). All checks come
# before the first store, so a refusal changes nothing; the stores that follow
# cannot fail, and nobody sees some of them without the others.
	entry	ace_queue_push
	mov	%edi, %eax		# what a caller left above 32 bits is gone
	mov	%esi, %edx
	cmp	$ACE_QUEUES, %eax
	jae	.Lpush_no
	cmp	$ACE_MESSAGES, %edx
	jae	.Lpush_no
	lea	ace_queues(%rip), %r8
	lea	(%r8,%rax,8), %r8	# the queue
	lea	1(%rdx), %ecx		# the link to the message
	shl	$6, %edx
	lea	ace_pool(%rip), %r9
	lea	(%r9,%rdx), %r10	# the message
	acquire ace_message_lock
	cmpl	$OUT, STATE(%r10)
	jne	.Lpush_refuse
	mov	TAIL(%r8), %eax
	test	%eax, %eax
	jz	.Lpush_first
	sub	$1, %eax
	cmp	$ACE_MESSAGES, %eax
	jae	.Lpush_refuse
	shl	$6, %eax
	mov	%ecx, LINK(%r9,%rax)
	jmp	.Lpush_last
.Lpush_first:
	mov	%ecx, HEAD(%r8)
.Lpush_last:
	mov	%ecx, TAIL(%r8)
	movl	$0, LINK(%r10)
	movl	$IN_QUEUE, STATE(%r10)
	release ace_message_lock
	xor	%eax, %eax
	jmp	*%r11
.Lpush_refuse:
	release ace_message_lock
.Lpush_no:
	mov	$-1, %eax
	jmp	*%r11
	end_entry ace_queue_push

#: ace_queue_pop
# eax = the oldest message of queue edi, or -1 if it has none or is no queue.
# An empty queue's head is 0, which minus one is out of range like every number
# that is no message. The second link becomes the head unread: it is checked
# when its turn comes.
	entry	ace_queue_pop
	mov	%edi, %eax
	cmp	$ACE_QUEUES, %eax
	jae	.Lpop_no
	lea	ace_queues(%rip), %r8
	lea	(%r8,%rax,8), %r8
	lea	ace_pool(%rip), %r9
	acquire ace_message_lock
	mov	HEAD(%r8), %eax
	sub	$1, %eax
	cmp	$ACE_MESSAGES, %eax
	jae	.Lpop_empty
	mov	%eax, %edx
	shl	$6, %edx
	lea	(%r9,%rdx), %r10
	mov	LINK(%r10), %ecx
	mov	%ecx, HEAD(%r8)
	test	%ecx, %ecx
	jnz	.Lpop_more
	movl	$0, TAIL(%r8)
.Lpop_more:
	movl	$OUT, STATE(%r10)
	release ace_message_lock
	jmp	*%r11
.Lpop_empty:
	release ace_message_lock
.Lpop_no:
	mov	$-1, %eax
	jmp	*%r11
	end_entry ace_queue_pop

#: ace_pool_get
# eax = a message out of the pool, or -1 if all are out: the one put back last,
# else the next that was never used. The mark grows by one only when it is a
# message's number, so it stops at the number of messages.
	entry	ace_pool_get
	lea	ace_pool(%rip), %r9
	acquire ace_message_lock
	mov	ace_pool_free(%rip), %eax
	test	%eax, %eax
	jz	.Lget_new
	sub	$1, %eax
	cmp	$ACE_MESSAGES, %eax
	jae	.Lget_none
	mov	%eax, %edx
	shl	$6, %edx
	lea	(%r9,%rdx), %r10
	mov	LINK(%r10), %ecx
	mov	%ecx, ace_pool_free(%rip)
	jmp	.Lget_done
.Lget_new:
	mov	ace_pool_used(%rip), %eax
	cmp	$ACE_MESSAGES, %eax
	jae	.Lget_none
	lea	1(%rax), %ecx
	mov	%ecx, ace_pool_used(%rip)
	mov	%eax, %edx
	shl	$6, %edx
	lea	(%r9,%rdx), %r10
.Lget_done:
	movl	$OUT, STATE(%r10)
	release ace_message_lock
	jmp	*%r11
.Lget_none:
	release ace_message_lock
	mov	$-1, %eax
	jmp	*%r11
	end_entry ace_pool_get

#: ace_pool_put
# Put message edi back: eax = 0, or -1 if it is no message or is not out, so that
# what lies in a queue or in the pool cannot be put there a second time.
	entry	ace_pool_put
	mov	%edi, %edx
	cmp	$ACE_MESSAGES, %edx
	jae	.Lput_no
	lea	1(%rdx), %ecx
	shl	$6, %edx
	lea	ace_pool(%rip), %r9
	lea	(%r9,%rdx), %r10
	acquire ace_message_lock
	cmpl	$OUT, STATE(%r10)
	jne	.Lput_refuse
	mov	ace_pool_free(%rip), %eax
	mov	%eax, LINK(%r10)
	mov	%ecx, ace_pool_free(%rip)
	movl	$IN_POOL, STATE(%r10)
	release ace_message_lock
	xor	%eax, %eax
	jmp	*%r11
.Lput_refuse:
	release ace_message_lock
.Lput_no:
	mov	$-1, %eax
	jmp	*%r11
	end_entry ace_pool_put

#: end
	.balign	4096, 0xcc
	.globl	__ace_end
__ace_end:

#: data
# The locks stand beside what they protect; what belongs to different locks
# lies in different cache lines.
	.macro	object name, size, align
	.balign	\align
	.globl	\name
	.type	\name, @object
	.size	\name, \size
\name:
	.skip	\size
	.endm

	.section .ace_data, "aw", @nobits
	.balign	4096
	.globl	__ace_data_start
__ace_data_start:
	object	ace_counter_lock, 4, 64
	object	ace_counter, 8, 8
	object	ace_timer_counter, 8, 8
	object	ace_message_lock, 4, 64
	object	ace_pool_free, 4, 4
	object	ace_pool_used, 4, 4
	object	ace_queues, ACE_QUEUES*8, 64
	object	ace_pool, ACE_MESSAGES*ACE_MESSAGE, 4096
	.balign	4096
	.globl	__ace_data_end
__ace_data_end:
#: end of parts
