/* signal.c - HANDLE_ACE: a signal is the interrupt, its handler the kernel. */
#define _GNU_SOURCE
#include "../ace.h"

#include <errno.h>
#include <string.h>
#include <ucontext.h>

#define TRAP_FLAG 0x100

void ace_finish(greg_t *registers, const sigset_t *mask, uint64_t flags);
extern const char ace_gap_start[], ace_gap_popped[], ace_gap_end[], ace_finished[];

static void (*handlers[_NSIG])(int, const struct ace_interrupt *);

static int in_area(uintptr_t address)
{
	return address >= ACE_AT_START && address < ACE_AT_END;
}

/*
 * Before ace_finish nothing may be called that takes the area's locks; its data,
 * the vector registers and the red zone below the interrupted stack are as the
 * kernel saved or skipped them, and no routine of the area uses the last two.
 */
struct ace_interrupt ace_handle(siginfo_t *info, void *context, uint64_t trace)
{
	ucontext_t *interrupted = context;
	greg_t *registers = interrupted->uc_mcontext.gregs;
	uintptr_t at = (uintptr_t)registers[REG_RIP];
	struct ace_interrupt interrupt = { .info = info, .context = context };
	sigset_t mask = interrupted->uc_sigmask;

	/* Another of its kind waits until this one is over; a trap would not wait. */
	if (!trace)
		sigaddset(&mask, info->si_signo);
	if (in_area(at)) {
		interrupt.at = at;
		interrupt.nested = registers[REG_R11] == (greg_t)(uintptr_t)ace_gap_end;
		ace_finish(registers, &mask, ((uint64_t)registers[REG_EFL] & ~(uint64_t)TRAP_FLAG) | trace);
	} else if (at >= (uintptr_t)ace_gap_start && at < (uintptr_t)ace_gap_end) {
		uint64_t *stack = (uint64_t *)registers[REG_RSP];
		greg_t *outer;

		if (at < (uintptr_t)ace_gap_popped)
			stack++;
		outer = (greg_t *)stack[1];
		interrupt.at = stack[0];
		interrupt.nested = 1;
		/* ace_finish has swapped already: where to return to is in its RIP. */
		outer[REG_RIP] = (greg_t)stack[0];
		ace_finish(outer, &mask, ((uint64_t)outer[REG_EFL] & ~(uint64_t)TRAP_FLAG) | trace);
		registers[REG_RSP] = (greg_t)(uintptr_t)stack;
		registers[REG_RIP] = (greg_t)(uintptr_t)ace_finished;
	} else {
		sigprocmask(SIG_SETMASK, &mask, NULL);
	}
	return interrupt;
}

static void handle(int signal, siginfo_t *info, void *context)
{
	int error = errno;
	struct ace_interrupt interrupt = ace_handle(info, context, 0);

	handlers[signal](signal, &interrupt);
	errno = error;
}

static void handle_without(int signal, siginfo_t *info, void *context)
{
	int error = errno;
	struct ace_interrupt interrupt = { .info = info, .context = context };
	uintptr_t at = (uintptr_t)((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];

	if (in_area(at))
		interrupt.at = at;
	handlers[signal](signal, &interrupt);
	errno = error;
}

/* What a program does to itself cannot be held back, and is not expected here. */
static int install(int signal, void (*handler)(int, const struct ace_interrupt *), void (*entry)(int, siginfo_t *, void *))
{
	static const int faults[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT, SIGSYS };
	struct sigaction action;

	if (signal <= 0 || signal >= _NSIG || !handler) {
		errno = EINVAL;
		return -1;
	}
	memset(&action, 0, sizeof action);
	action.sa_sigaction = entry;
	action.sa_flags = SA_SIGINFO | SA_RESTART;
	sigfillset(&action.sa_mask);
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
		sigdelset(&action.sa_mask, faults[i]);
	handlers[signal] = handler;
	return sigaction(signal, &action, NULL);
}

int ace_signal(int signal, void (*handler)(int, const struct ace_interrupt *))
{
	return install(signal, handler, handle);
}

int ace_signal_without(int signal, void (*handler)(int, const struct ace_interrupt *))
{
	return install(signal, handler, handle_without);
}
