# kernel.S - a kernel that has the area: interrupt entries that let it finish
# first (HANDLE_ACE), and functions that call it. Linked with area.S by
# kernel.lds. Nothing here boots; it is what a checker reads.
#
# A line `#: NAME` begins a part, which broken/*.S may replace by another.

# struct pt_regs, as x86-64 pushes it.
R15		= 0
R14		= 8
R13		= 16
R12		= 24
RBP		= 32
RBX		= 40
R11		= 48
R10		= 56
R9		= 64
R8		= 72
RAX		= 80
RCX		= 88
RDX		= 96
RSI		= 104
RDI		= 112
ORIG_RAX	= 120
RIP		= 128
CS		= 136
EFLAGS		= 144

# CF, PF, AF, ZF, SF, DF, OF: what a routine computes with. The other flags of an
# interrupted program are not for the kernel to run with: IF would let the next
# interrupt in, AC would open user memory, TF would trap.
ARITHMETIC	= 0xcd5

SLOT		= 16
SLOT_GET_COUNTERS	= 2

	.macro	func name
	.balign	16, 0xcc
	.globl	\name
	.type	\name, @function
\name:
	.endm

	.macro	end_func name
	.size	\name, . - \name
	.endm

# Interrupts are off, and the hardware's frame is on the stack: RIP, CS, flags.
	.macro	SAVE
	endbr64
	cld
	testb	$3, 8(%rsp)
	jz	.Lkernel\@
	swapgs
.Lkernel\@:
	pushq	$-1
	push	%rdi
	push	%rsi
	push	%rdx
	push	%rcx
	push	%rax
	push	%r8
	push	%r9
	push	%r10
	push	%r11
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	.endm

# On to `otherwise` unless the interrupted instruction, in rax, is in the area.
	.macro	TEST_ACE otherwise:req, start=__ace_start, end=__ace_end
	mov	RIP(%rsp), %rax
	lea	\start(%rip), %rcx
	cmp	%rcx, %rax
	jb	\otherwise
	lea	\end(%rip), %rcx
	cmp	%rcx, %rax
	jae	\otherwise
	.endm

# The frame gets the address that the area's caller wanted back, and the place
# of r11 holds where the routine goes on until it does.
	.macro	SWAP_ACE
	mov	R11(%rsp), %rcx
	mov	%rcx, RIP(%rsp)
	mov	%rax, R11(%rsp)
	.endm

# Moves change no flags, so these may be given back first. The last two
# instructions take nothing from registers but rsp, which no routine uses.
	.macro	RESUME_FLAGS
	pushq	EFLAGS(%rsp)
	andl	$ARITHMETIC, (%rsp)
	popfq
	.endm

	.macro	RESUME_ACE continuation:req
	mov	RDI(%rsp), %rdi
	mov	RSI(%rsp), %rsi
	mov	RDX(%rsp), %rdx
	mov	RCX(%rsp), %rcx
	mov	RAX(%rsp), %rax
	mov	R8(%rsp), %r8
	mov	R9(%rsp), %r9
	mov	R10(%rsp), %r10
	lea	\continuation(%rip), %r11
	jmp	*R11(%rsp)
	.endm

# The routine is done and its lock free. What it left in registers and flags is
# the interrupted program's now; its r11 is as if it had just returned there.
	.macro	CONTINUE_ACE
	mov	%rdi, RDI(%rsp)
	mov	%rsi, RSI(%rsp)
	mov	%rdx, RDX(%rsp)
	mov	%rcx, RCX(%rsp)
	mov	%rax, RAX(%rsp)
	mov	%r8, R8(%rsp)
	mov	%r9, R9(%rsp)
	mov	%r10, R10(%rsp)
	mov	RIP(%rsp), %rax
	mov	%rax, R11(%rsp)
	pushfq
	pop	%rax
	and	$ARITHMETIC, %eax
	andl	$~ARITHMETIC, EFLAGS(%rsp)
	or	%rax, EFLAGS(%rsp)
	cld
	.endm

# If the area was interrupted, it completes before anything else happens. An
# interrupt of the resumed routine by what cannot be held off finds RIP in the
# area and r11 at the first one's continuation, and does the same.
	.macro	HANDLE_ACE
	SAVE
	TEST_ACE .Lnot_ace\@
	SWAP_ACE
	RESUME_FLAGS
	RESUME_ACE .Lcontinue_ace\@
.Lcontinue_ace\@:
	CONTINUE_ACE
.Lnot_ace\@:
	.endm

# The interrupt's own work, with the frame as its argument, and back.
	.macro	HANDLE function:req
	mov	%rsp, %rdi
	call	\function
	jmp	return_from_interrupt
	.endm

	.section .entry.text, "ax", @progbits
#: asm_common_interrupt
func asm_common_interrupt
	HANDLE_ACE
	HANDLE	common_interrupt
end_func asm_common_interrupt

#: asm_timer_interrupt
func asm_timer_interrupt
	HANDLE_ACE
	HANDLE	timer_interrupt
end_func asm_timer_interrupt

#: asm_sysvec_apic_timer_interrupt
func asm_sysvec_apic_timer_interrupt
	HANDLE_ACE
	HANDLE	timer_interrupt
end_func asm_sysvec_apic_timer_interrupt

#: asm_sysvec_reschedule_ipi
func asm_sysvec_reschedule_ipi
	HANDLE_ACE
	HANDLE	reschedule_ipi
end_func asm_sysvec_reschedule_ipi

#: asm_sysvec_call_function
func asm_sysvec_call_function
	HANDLE_ACE
	HANDLE	call_function
end_func asm_sysvec_call_function

#: return_from_interrupt
func return_from_interrupt
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	pop	%r11
	pop	%r10
	pop	%r9
	pop	%r8
	pop	%rax
	pop	%rcx
	pop	%rdx
	pop	%rsi
	pop	%rdi
	add	$8, %rsp
	testb	$3, 8(%rsp)
	jz	.Lto_kernel
	swapgs
.Lto_kernel:
	iretq
end_func return_from_interrupt

	.text
# CALL_ACE TARGET: the convention. All but rbx, rbp, rsp, r12-r15 is lost.
	.macro	CALL_ACE target:req
	lea	.Lback\@(%rip), %r11
	jmp	\target
.Lback\@:
	.endm

#: timer_interrupt
# A tick is counted, and that is all.
func timer_interrupt
	endbr64
	CALL_ACE ace_inc_timer_counter
	ret
end_func timer_interrupt

#: send
# send(edi = queue, rsi = payload): eax = 0, or -1 if there is no message left.
func send
	push	%rbx
	push	%rbp
	push	%r12
	mov	%edi, %ebp
	mov	%rsi, %r12
	CALL_ACE ace_pool_get
	cmp	$-1, %eax
	je	.Lsend_out
	mov	%eax, %ebx
	shl	$6, %rax
	lea	ace_pool(%rip), %rcx
	mov	%r12, 8(%rcx,%rax)
	mov	%ebp, %edi
	mov	%ebx, %esi
	CALL_ACE ace_queue_push
	test	%eax, %eax
	jz	.Lsend_out
	mov	%ebx, %edi
	CALL_ACE ace_pool_put
	mov	$-1, %eax
.Lsend_out:
	pop	%r12
	pop	%rbp
	pop	%rbx
	ret
end_func send

#: common_interrupt
# An interrupt of a device becomes a message to queue 3.
func common_interrupt
	endbr64
	mov	ORIG_RAX(%rdi), %rsi
	mov	$3, %edi
	call	send
	ret
end_func common_interrupt

#: drain
# drain(edi = queue): everything in it goes back to the pool; eax = how many.
func drain
	push	%rbx
	push	%rbp
	mov	%edi, %ebp
	xor	%ebx, %ebx
.Ldrain_next:
	mov	%ebp, %edi
	CALL_ACE ace_queue_pop
	cmp	$-1, %eax
	je	.Ldrain_out
	mov	%eax, %edi
	CALL_ACE ace_pool_put
	inc	%ebx
	jmp	.Ldrain_next
.Ldrain_out:
	mov	%ebx, %eax
	pop	%rbp
	pop	%rbx
	ret
end_func drain

#: reschedule_ipi
func reschedule_ipi
	endbr64
	mov	$3, %edi
	call	drain
	ret
end_func reschedule_ipi

#: read_counters
# read_counters(rdi = two words to fill), by the slot of the jump table.
func read_counters
	endbr64
	push	%rbx
	mov	%rdi, %rbx
	CALL_ACE __ace_table+SLOT_GET_COUNTERS*SLOT
	mov	%rax, (%rbx)
	mov	%rdx, 8(%rbx)
	pop	%rbx
	ret
end_func read_counters

#: call_function
func call_function
	endbr64
	push	%rbx
	mov	%rdi, %rbx
	CALL_ACE ace_inc_counter
	cmpq	$0, ORIG_RAX(%rbx)
	je	.Lcall_out
	CALL_ACE ace_inc_timer_counter
.Lcall_out:
	pop	%rbx
	ret
end_func call_function

#: end of parts
