/*
 * ace.h - the area of atomic code, for programs in C: where it is, how it is
 * called, and what a program must do so that it is atomic.
 *
 * A program opens the area, which maps its code and its data at an address that
 * is the same in every process, and declares with ace_signal() the signals that
 * are its interrupts. From then on a routine of the area that one of them
 * interrupts is complete before the signal's handler does anything, so handlers
 * may call the same routines.
 */
#ifndef ACE_H
#define ACE_H

#include <signal.h>
#include <stdint.h>

/* What area.lds and area.S come to; scripts/build-testdata compares. */
#define ACE_AT_START	0x7ace00000000	/* __ace_start */
#define ACE_AT_END	0x7ace00001000	/* __ace_end */
#define ACE_AT_TABLE	0x7ace00000000	/* __ace_table */
#define ACE_AT_DATA	0x7ace00001000	/* __ace_data_start */
#define ACE_AT_POOL	0x7ace00002000	/* ace_pool */
#define ACE_AT_DATA_END	0x7ace00012000	/* __ace_data_end */

#define ACE_QUEUES	8
#define ACE_MESSAGES	1024

/* The jump table. */
#define ACE_SLOT(n)		((uintptr_t)ACE_AT_TABLE + 16 * (n))
#define ACE_INC_COUNTER		ACE_SLOT(0)
#define ACE_INC_TIMER_COUNTER	ACE_SLOT(1)
#define ACE_GET_COUNTERS	ACE_SLOT(2)
#define ACE_QUEUE_PUSH		ACE_SLOT(3)
#define ACE_QUEUE_POP		ACE_SLOT(4)
#define ACE_POOL_GET		ACE_SLOT(5)
#define ACE_POOL_PUT		ACE_SLOT(6)

/* A message lies in the pool from beginning to end; what moves is the pointer. */
struct ace_message {
	uint32_t link, state;	/* the area's */
	uint64_t body[7];	/* its owner's */
};

#define ACE_POOL ((struct ace_message *)ACE_AT_POOL)

/* The convention: r11 names the way back, and the area may change these. */
static inline uint64_t ace_call(uintptr_t slot, uint64_t first, uint64_t second, uint64_t *other)
{
	uint64_t rdx;

	__asm__ volatile(
		"lea	1f(%%rip), %%r11\n\t"
		"jmp	*%%rax\n"
		"1:"
		: "+a"(slot), "+D"(first), "+S"(second), "=d"(rdx)
		:
		: "rcx", "r8", "r9", "r10", "r11", "cc", "memory");
	if (other)
		*other = rdx;
	return slot;
}

/*
 * ace_open: map the area from the file `area`, and its data, which every process
 * that names the same `data` (as for shm_open) shares. 0, or -1 and errno; opened
 * twice it must be closed twice. ace_unlink forgets the data of that name.
 */
int ace_open(const char *area, const char *data);
int ace_close(void);
int ace_unlink(const char *data);

/*
 * The routines. While the area is not open they change nothing and set errno to
 * ENODEV; the counters are 0 then, messages NULL, and the others return -1.
 * Putting or pushing what is no message that is out: -1, EINVAL.
 */
uint64_t ace_inc_counter(void);
uint64_t ace_inc_timer_counter(void);
int ace_get_counters(uint64_t *counter, uint64_t *timer_counter);
int ace_queue_push(unsigned queue, struct ace_message *message);
struct ace_message *ace_queue_pop(unsigned queue);	/* NULL, EAGAIN: empty */
struct ace_message *ace_pool_get(void);			/* NULL, EAGAIN: none left */
int ace_pool_put(struct ace_message *message);

/* What a signal handler was told of where it came from. */
struct ace_interrupt {
	siginfo_t *info;
	void *context;		/* its ucontext_t; the area is behind it already */
	uintptr_t at;		/* where the area was interrupted, or 0 */
	int nested;		/* an interrupt's own resumption was interrupted */
};

/*
 * ace_signal: `handler` is called for `signal` once the area is complete; other
 * signals may interrupt it. ace_signal_without is what must not be done: the
 * handler is called at once.
 */
int ace_signal(int signal, void (*handler)(int, const struct ace_interrupt *));
int ace_signal_without(int signal, void (*handler)(int, const struct ace_interrupt *));

/*
 * HANDLE_ACE itself, for who installs a handler of his own. All signals must be
 * blocked in it so far; on return those of the interrupted program are let in
 * again. `trace`: flags to set as the routine goes on.
 */
struct ace_interrupt ace_handle(siginfo_t *info, void *context, uint64_t trace);

#endif
