/*
 * step.c - every routine, interrupted at every instruction: the trap flag makes
 * each boundary a signal, and one of them is the interrupt. Then twice nested:
 * the resumed routine, and the way to it, is stepped and interrupted as well.
 * Memory and registers must be what they are when the routine, the inner
 * handler's work and the outer one's come one after the other.
 */
#define _GNU_SOURCE
#include "stress.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#define TRAP_FLAG	0x100
#define CARRY_AND_SIGN	0x81
#define MESSAGES	16
#define STATE_SIZE	(ACE_AT_POOL - ACE_AT_DATA + MESSAGES * sizeof(struct ace_message))
#define NEVER		(-1)

void step_run(uint64_t registers[16], uint64_t flags);
extern const char ace_gap_start[], ace_gap_end[];

/* Set-ups: messages taken so far, and how many of them lie in queue 1. */
static const struct scenario {
	const char *name;
	uintptr_t slot;
	unsigned first, second, taken, queued, freed;
} scenarios[] = {
	{ "counter", ACE_INC_COUNTER, 0, 0, 0, 0, 0 },
	{ "timer counter", ACE_INC_TIMER_COUNTER, 0, 0, 0, 0, 0 },
	{ "both counters", ACE_GET_COUNTERS, 0, 0, 0, 0, 0 },
	{ "push to an empty queue", ACE_QUEUE_PUSH, 1, 0, 2, 0, 0 },
	{ "push to a queue", ACE_QUEUE_PUSH, 1, 2, 3, 2, 0 },
	{ "push what is queued", ACE_QUEUE_PUSH, 1, 0, 3, 2, 0 },
	{ "push to no queue", ACE_QUEUE_PUSH, ACE_QUEUES, 0, 3, 2, 0 },
	{ "push no message", ACE_QUEUE_PUSH, 1, ACE_MESSAGES, 3, 2, 0 },
	{ "pop from an empty queue", ACE_QUEUE_POP, 1, 0, 2, 0, 0 },
	{ "pop the last", ACE_QUEUE_POP, 1, 0, 2, 1, 0 },
	{ "pop the first of two", ACE_QUEUE_POP, 1, 0, 3, 2, 0 },
	{ "pop from no queue", ACE_QUEUE_POP, ACE_QUEUES, 0, 3, 2, 0 },
	{ "get a new message", ACE_POOL_GET, 0, 0, 3, 0, 0 },
	{ "get a used message", ACE_POOL_GET, 0, 0, 3, 0, 2 },
	{ "put a message", ACE_POOL_PUT, 0, 0, 3, 0, 0 },
	{ "put a second message", ACE_POOL_PUT, 0, 0, 4, 0, 2 },
	{ "put what is queued", ACE_POOL_PUT, 0, 0, 3, 2, 0 },
	{ "put no message", ACE_POOL_PUT, ACE_MESSAGES, 0, 3, 2, 0 },
};

static unsigned char *const memory = (unsigned char *)ACE_AT_DATA;
static unsigned char before[STATE_SIZE], expected[STATE_SIZE];

static struct {
	int target, inner_target;	/* which boundary is the interrupt */
	int pending;			/* or a signal that waits until it is let in */
	int seen, inner_seen;
	int interrupted, inner_interrupted;
	int outer_runs;			/* the outer interrupt is at its resumption */
	struct step_figures *figures;
} step;

/* What the handlers do: anything but nothing, and each something else. */
static void outer_work(void)
{
	struct ace_message *message = ace_pool_get();

	ace_inc_timer_counter();
	if (message)
		ace_queue_push(6, message);
}

static void inner_work(void)
{
	struct ace_message *message = ace_pool_get();

	ace_inc_counter();
	if (message)
		ace_queue_push(1, message);
}

static void on_pending(int signal, const struct ace_interrupt *interrupt)
{
	(void)signal;
	if (interrupt->nested)
		step.inner_interrupted = 1;
	inner_work();
}

static void on_trap(int signal, siginfo_t *info, void *context)
{
	greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
	uintptr_t at = (uintptr_t)registers[REG_RIP];
	int in_area = at >= ACE_AT_START && at < ACE_AT_END;
	int in_gap = at >= (uintptr_t)ace_gap_start && at < (uintptr_t)ace_gap_end;

	(void)signal;
	if (step.outer_runs) {
		/* Behind the routine there is nothing to be interrupted any more. */
		if (!in_area && !in_gap) {
			registers[REG_EFL] &= ~TRAP_FLAG;
		} else if (step.inner_seen++ == step.inner_target) {
			ace_handle(info, context, 0);
			registers[REG_EFL] &= ~TRAP_FLAG;
			step.inner_interrupted = 1;
			inner_work();
		}
	} else if (in_area) {
		step.figures->at[at - ACE_AT_START] = 1;
		if (step.seen++ == step.target) {
			if (step.pending)
				raise(SIGRTMIN);
			step.outer_runs = 1;
			ace_handle(info, context, step.inner_target == NEVER ? 0 : TRAP_FLAG);
			step.outer_runs = 0;
			registers[REG_EFL] &= ~TRAP_FLAG;
			step.interrupted = 1;
			outer_work();
		}
	}
}

static void load(const struct scenario *scenario, uint64_t registers[16])
{
	for (int i = 0; i < 16; i++)
		registers[i] = 0x0123456789abcdef * (uint64_t)(i + 1);
	registers[0] = scenario->slot;
	registers[5] = scenario->first | 0xdead00000000;	/* the area must not mind */
	registers[4] = scenario->second | 0xbeef00000000;
}

static void prepare(const struct scenario *scenario)
{
	memset(memory, 0, STATE_SIZE);
	for (unsigned i = 0; i < scenario->taken; i++)
		ace_pool_get();
	for (unsigned i = 0; i < scenario->queued; i++)
		ace_queue_push(1, ACE_POOL + i);
	for (unsigned i = 0; i < scenario->freed; i++)
		ace_pool_put(ACE_POOL + i + 1);
	memcpy(before, memory, STATE_SIZE);
}

/* One run: 1 if it was interrupted as asked, 0 if the routine was over before, -1 if it went wrong. */
static int run(const struct scenario *scenario, int target, int inner_target, int pending)
{
	uint64_t plain[16], stepped[16];
	int inner = inner_target != NEVER || pending;

	step.target = target;
	step.inner_target = inner_target;
	step.pending = pending;
	step.seen = step.inner_seen = step.interrupted = step.inner_interrupted = step.outer_runs = 0;
	memcpy(memory, before, STATE_SIZE);
	load(scenario, stepped);
	step_run(stepped, TRAP_FLAG | CARRY_AND_SIGN);
	if (!step.interrupted || (inner && !step.inner_interrupted))
		return 0;
	memcpy(expected, memory, STATE_SIZE);

	memcpy(memory, before, STATE_SIZE);
	load(scenario, plain);
	step_run(plain, CARRY_AND_SIGN);
	if (inner)
		inner_work();
	outer_work();
	if (!memcmp(expected, memory, STATE_SIZE) && !memcmp(plain, stepped, sizeof plain))
		return 1;
	fprintf(stderr, "ace-stress: %s, interrupted at boundary %d", scenario->name, target);
	if (inner_target != NEVER)
		fprintf(stderr, " and again at %d", inner_target);
	if (pending)
		fprintf(stderr, " with another signal waiting");
	fprintf(stderr, ": %s\n", memcmp(plain, stepped, sizeof plain) ? "registers differ" : "memory differs");
	return -1;
}

int step_everything(struct step_figures *figures)
{
	struct sigaction action = { .sa_sigaction = on_trap, .sa_flags = SA_SIGINFO | SA_NODEFER };
	int result;

	memset(figures, 0, sizeof *figures);
	step.figures = figures;
	sigfillset(&action.sa_mask);
	sigdelset(&action.sa_mask, SIGTRAP);
	sigdelset(&action.sa_mask, SIGALRM);
	if (sigaction(SIGTRAP, &action, NULL) || ace_signal(SIGRTMIN, on_pending))
		return -1;
	for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
		const struct scenario *scenario = &scenarios[i];

		prepare(scenario);
		for (int target = 0; (result = run(scenario, target, NEVER, 0)) > 0; target++) {
			figures->boundaries++;
			result = run(scenario, target, NEVER, 1);
			if (result <= 0)
				return result ? -1 : fprintf(stderr, "ace-stress: %s: the waiting signal did not come\n", scenario->name), -1;
			figures->nested++;
			for (int inner = 0; (result = run(scenario, target, inner, 0)) > 0; inner++)
				figures->nested++;
			if (result < 0)
				return -1;
		}
		if (result < 0)
			return -1;
	}
	memset(memory, 0, STATE_SIZE);
	for (size_t i = 0; i < sizeof figures->at; i++)
		figures->distinct += figures->at[i];
	return 0;
}
