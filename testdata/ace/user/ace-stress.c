/*
 * ace-stress.c - the area under fire. Threads, in one process or more, count and
 * send each other messages, while timers and a tormentor interrupt them with
 * signals whose handlers do the same. In the end every number must be right.
 */
#define _GNU_SOURCE
#include "mproc.h"
#include "stress.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <sched.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

#define MAX_THREADS	ACE_QUEUES
#define LEVELS		3	/* signals: a timer's, and two from the tormentor */
#define SENDERS		(MAX_THREADS * (1 + LEVELS))
#define STUCK_MS	(options.no_swap ? 2500 : 15000)	/* no progress for so long is a deadlock */

/* A message's body: who sent it, and the how manieth it is from him to there. */
enum { SELF, SENDER, NUMBER, RECEIVER };

static struct options {
	unsigned threads, processes;
	unsigned long increments, messages, signals, seconds, timer_us, torment_us;
	int no_swap, process;
	const char *area;
	char data[64], control[80];
} options;

/* How many of a thread's messages may be under way: the rest are for handlers. */
#define UNDER_WAY	(ACE_MESSAGES * 3 / 4 / MAX_THREADS)

/* What one sender has sent, by receiver: only the sender writes it. */
struct sender {
	_Alignas(64) volatile uint64_t sent[MAX_THREADS];
};

struct worker {
	_Alignas(64) volatile uint64_t increments;
	volatile uint64_t sent, received;
	volatile uint64_t signals[LEVELS], hits[LEVELS], nested[LEVELS], ticks[LEVELS], refused[LEVELS];
	volatile uint64_t expected[SENDERS];
	volatile uintptr_t stuck_at;	/* --no-swap: what its handler interrupted */
};

/* Shared by all processes of one run. */
static struct control {
	struct worker workers[MAX_THREADS];
	struct sender senders[SENDERS];
	atomic_uint ready, done, quiet, failed;
	atomic_bool enough_signals, go;
	atomic_uint finished;
	char failure[256];
	volatile unsigned char hit_at[ACE_AT_END - ACE_AT_START];
} *control;

static struct mproc mprocs[MAX_THREADS];
static volatile pid_t thread_ids[MAX_THREADS];
static atomic_bool stop_torment;
static __thread struct worker *self;
static __thread unsigned self_number;

/* The first to fail says why; it is over for all. */
static void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void fail(const char *format, ...)
{
	unsigned none = 0;
	va_list arguments;

	if (!atomic_compare_exchange_strong(&control->failed, &none, 1))
		return;
	va_start(arguments, format);
	vsnprintf(control->failure, sizeof control->failure, format, arguments);
	va_end(arguments);
	atomic_store(&control->failed, 2);
}

static int failed(void)
{
	return atomic_load_explicit(&control->failed, memory_order_relaxed) != 0;
}

/* `sender` must not be interrupted by itself: threads and signals each are one. */
static int send(unsigned sender, unsigned receiver)
{
	struct ace_message *message = ace_pool_get();
	uint64_t number;

	if (!message)
		return 0;
	number = control->senders[sender].sent[receiver];
	message->body[SELF] = (uintptr_t)message;
	message->body[SENDER] = sender;
	message->body[NUMBER] = number;
	message->body[RECEIVER] = receiver;
	control->senders[sender].sent[receiver] = number + 1;
	if (mproc_send(receiver, message)) {
		fail("message %lu from %u to %u was refused", (unsigned long)number, sender, receiver);
		return 0;
	}
	return 1;
}

/* How many more this thread may send before it must look again. */
static uint64_t credit(void)
{
	uint64_t under_way = 0;

	for (unsigned receiver = 0; receiver < options.threads; receiver++)
		under_way += control->senders[self_number].sent[receiver] - control->workers[receiver].expected[self_number];
	return under_way < UNDER_WAY ? UNDER_WAY - under_way : 0;
}

static int receive(void)
{
	struct ace_message *message = mproc_receive(&mprocs[self_number]);
	uint64_t sender;

	if (!message)
		return 0;
	sender = message->body[SENDER];
	if (message->body[SELF] != (uintptr_t)message || sender >= SENDERS || message->body[RECEIVER] != self_number)
		fail("thread %u received a message that nobody sent it", self_number);
	else if (message->body[NUMBER] != self->expected[sender])
		fail("thread %u received message %lu from %lu when %lu was due", self_number,
			(unsigned long)message->body[NUMBER], (unsigned long)sender, (unsigned long)self->expected[sender]);
	else
		self->expected[sender]++;
	memset(message->body, 0xff, sizeof message->body);
	if (ace_pool_put(message))
		fail("thread %u could not put back a message", self_number);
	self->received++;
	return 1;
}

/* The interrupt's own work: a tick, and a message to a thread. */
static void on_signal(int signal, const struct ace_interrupt *interrupt)
{
	unsigned level = (unsigned)(signal - SIGRTMIN);
	struct worker *worker = self;

	if (!worker || level >= LEVELS)
		return;
	worker->signals[level]++;
	if (interrupt->at) {
		worker->hits[level]++;
		control->hit_at[interrupt->at - ACE_AT_START] = 1;
	}
	if (interrupt->nested)
		worker->nested[level]++;
	if (options.no_swap)
		worker->stuck_at = interrupt->at;
	ace_inc_timer_counter();
	worker->ticks[level]++;
	if (!send(MAX_THREADS * (1 + level) + self_number, (unsigned)((self_number + worker->signals[level]) % options.threads)))
		worker->refused[level]++;
	worker->stuck_at = 0;
}

static void our_signals(sigset_t *set)
{
	sigemptyset(set);
	for (int level = 0; level < LEVELS; level++)
		sigaddset(set, SIGRTMIN + level);
}

static void start_timer(timer_t *timer)
{
	struct sigevent event;
	struct itimerspec interval = { 0 };

	memset(&event, 0, sizeof event);
	event.sigev_notify = SIGEV_THREAD_ID;
	event.sigev_signo = SIGRTMIN;
	event.sigev_notify_thread_id = gettid();
	interval.it_interval.tv_nsec = interval.it_value.tv_nsec = (long)options.timer_us * 1000;
	if (timer_create(CLOCK_MONOTONIC, &event, timer) || timer_settime(*timer, 0, &interval, NULL))
		fail("no timer: %s", strerror(errno));
}

static void *work(void *argument)
{
	uint64_t increments = options.increments / options.threads + 1, messages = options.messages / options.threads + 1;
	uint64_t per_message = options.messages ? options.increments / options.messages : 64, last = 0, left = 0, value;
	unsigned receiver = self_number = (unsigned)(uintptr_t)argument;
	int done = 0;
	sigset_t signals;
	timer_t timer;

	if (!per_message)
		per_message = 1;
	our_signals(&signals);
	thread_ids[self_number] = gettid();
	self = &control->workers[self_number];
	atomic_fetch_add(&control->ready, 1);
	while (!atomic_load(&control->go) && !failed())
		sched_yield();
	start_timer(&timer);
	pthread_sigmask(SIG_UNBLOCK, &signals, NULL);

	while (atomic_load_explicit(&control->done, memory_order_relaxed) < options.threads && !failed()) {
		for (uint64_t i = 0; i < per_message; i++) {
			value = ace_inc_counter();
			if (value <= last)
				fail("the counter went from %lu to %lu", (unsigned long)last, (unsigned long)value);
			last = value;
			self->increments++;
		}
		if (left == 0)
			left = credit();
		if (options.threads > 1 && (++receiver % options.threads) == self_number)
			receiver++;
		receiver %= options.threads;
		if (left > 0 && send(self_number, receiver)) {
			self->sent++;
			left--;
		} else {
			sched_yield();
		}
		for (int i = 0; i < 4 && receive(); i++)
			;
		if (!done && self->increments >= increments && self->sent >= messages &&
		    atomic_load_explicit(&control->enough_signals, memory_order_relaxed)) {
			done = 1;
			atomic_fetch_add(&control->done, 1);
		}
	}

	/* From here on nothing is sent; what has been, must arrive. */
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	timer_delete(timer);
	atomic_fetch_add(&control->quiet, 1);
	while (atomic_load(&control->quiet) < options.threads && !failed())
		if (!receive())
			sched_yield();
	while (!failed() && receive())
		;
	return NULL;
}

/* Two signals at once, now to this thread of the process and now to that. */
static void *torment(void *argument)
{
	struct timespec pause = { .tv_nsec = (long)options.torment_us * 1000 };
	unsigned victim = 0;

	(void)argument;
	prctl(PR_SET_TIMERSLACK, 1UL);
	while (!atomic_load(&control->go) && !failed())
		sched_yield();
	while (!atomic_load(&stop_torment) && !failed()) {
		for (victim++; victim % options.processes != (unsigned)options.process || victim >= options.threads; victim++)
			if (victim >= options.threads)
				victim = (unsigned)-1;
		for (int level = 1; level < LEVELS; level++)
			syscall(SYS_tgkill, getpid(), thread_ids[victim], SIGRTMIN + level);
		nanosleep(&pause, NULL);
	}
	return NULL;
}

static unsigned long sum(size_t offset, size_t count)
{
	unsigned long total = 0;

	for (unsigned i = 0; i < options.threads; i++)
		for (size_t n = 0; n < count; n++)
			total += ((volatile uint64_t *)((char *)&control->workers[i] + offset))[n];
	return total;
}
#define SUM(member) sum(offsetof(struct worker, member), sizeof control->workers[0].member / sizeof(uint64_t))

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static const char *routine_at(uintptr_t at)
{
	static const char *const names[] = { "ace_inc_counter", "ace_inc_timer_counter", "ace_get_counters",
		"ace_queue_push", "ace_queue_pop", "ace_pool_get", "ace_pool_put" };
	const char *name = "the jump table";
	uintptr_t best = 0, entry;
	int32_t distance;

	for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
		memcpy(&distance, (char *)ACE_SLOT(i) + 1, sizeof distance);
		entry = (uintptr_t)((intptr_t)ACE_SLOT(i) + 5 + distance);
		if (entry <= at && entry > best) {
			best = entry;
			name = names[i];
		}
	}
	return name;
}

/* Watches until all threads are done: nothing here needs the area's locks. */
static void watch(double start)
{
	struct timespec pause = { .tv_nsec = 20 * 1000 * 1000 };
	double progressed = now();
	unsigned long progress, last = 0;

	while (!failed() && atomic_load(&control->finished) < options.processes) {
		nanosleep(&pause, NULL);
		if (SUM(signals) >= options.signals)
			atomic_store(&control->enough_signals, 1);
		progress = SUM(increments) + SUM(received) + atomic_load(&control->finished);
		if (progress != last) {
			last = progress;
			progressed = now();
		} else if (now() - progressed > STUCK_MS / 1000.0) {
			for (unsigned i = 0; i < options.threads; i++)
				if (control->workers[i].stuck_at)
					fail("deadlock: thread %u was interrupted in %s, and its handler waits for a lock that nobody will release",
						i, routine_at(control->workers[i].stuck_at));
			fail("deadlock: no thread got anything done for %g s", STUCK_MS / 1000.0);
		} else if (now() - start > (double)options.seconds) {
			fail("not done after %lu s: %lu increments, %lu messages, %lu signals", options.seconds,
				SUM(increments), SUM(received), SUM(signals));
		}
	}
}

/* Every number again, from both sides. */
static void check_totals(void)
{
	uint64_t counter, timer_counter;
	static unsigned char seen[ACE_MESSAGES];
	struct ace_message *message;
	unsigned got = 0;

	ace_get_counters(&counter, &timer_counter);
	if (counter != SUM(increments))
		fail("%lu increments came to %lu", SUM(increments), (unsigned long)counter);
	if (timer_counter != SUM(ticks))
		fail("%lu ticks came to %lu", SUM(ticks), (unsigned long)timer_counter);
	for (unsigned sender = 0; sender < SENDERS; sender++)
		for (unsigned receiver = 0; receiver < options.threads; receiver++)
			if (control->senders[sender].sent[receiver] != control->workers[receiver].expected[sender])
				fail("of %lu messages from %u to %u, %lu arrived", (unsigned long)control->senders[sender].sent[receiver],
					sender, receiver, (unsigned long)control->workers[receiver].expected[sender]);
	for (unsigned queue = 0; queue < ACE_QUEUES; queue++)
		if (ace_queue_pop(queue))
			fail("queue %u is not empty", queue);
	if (SUM(signals) >= 1000 && SUM(hits) == 0)
		fail("no signal hit the area: nothing was tried");
	while ((message = ace_pool_get()) && got++ < ACE_MESSAGES)
		if (seen[message - ACE_POOL]++)
			fail("the pool has message %lu twice", (unsigned long)(message - ACE_POOL));
	if (got != ACE_MESSAGES)
		fail("the pool has %u messages", got);
}

static void set_signals(void)
{
	for (int level = 0; level < LEVELS; level++)
		if ((options.no_swap ? ace_signal_without : ace_signal)(SIGRTMIN + level, on_signal))
			fail("no handler: %s", strerror(errno));
}

static void map_control(int flags)
{
	int file = shm_open(options.control, O_RDWR | flags, 0600);

	if (file < 0 || ((flags & O_CREAT) && ftruncate(file, sizeof *control))) {
		fprintf(stderr, "ace-stress: %s: %s\n", options.control, strerror(errno));
		exit(2);
	}
	control = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (control == MAP_FAILED) {
		fprintf(stderr, "ace-stress: %s: %s\n", options.control, strerror(errno));
		exit(2);
	}
	close(file);
}

/* This process's share of the threads, from their start to their end. */
static void *run_threads(void *argument)
{
	pthread_t tormentor;
	int error = 0;

	(void)argument;
	for (unsigned i = (unsigned)options.process; i < options.threads && !error; i += options.processes)
		error = mproc_start(&mprocs[i], i, work, (void *)(uintptr_t)i);
	if (!error)
		error = pthread_create(&tormentor, NULL, torment, NULL);
	if (error) {
		fail("no thread: %s", strerror(error));
		return NULL;
	}
	for (unsigned i = (unsigned)options.process; i < options.threads; i += options.processes)
		mproc_join(&mprocs[i]);
	atomic_store(&stop_torment, 1);
	pthread_join(tormentor, NULL);
	atomic_fetch_add(&control->finished, 1);
	return NULL;
}

static pid_t start_process(char **arguments, int count, int process)
{
	char **copy = calloc((size_t)count + 3, sizeof *copy), number[32];
	pid_t child, parent = getpid();

	snprintf(number, sizeof number, "--process=%d:%d", process, parent);
	memcpy(copy, arguments, (size_t)count * sizeof *copy);
	copy[count] = number;
	child = fork();
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() == parent)
			execv("/proc/self/exe", copy);
		_exit(2);
	}
	free(copy);
	return child;
}

static int stress(char **arguments, int count)
{
	pid_t children[MAX_THREADS] = { 0 };
	unsigned offsets = 0;
	double start, seconds;
	pthread_t runner;
	sigset_t signals;
	int status;

	our_signals(&signals);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	if (options.process == 0)
		map_control(O_CREAT | O_EXCL);
	else
		map_control(0);
	if (ace_open(options.area, options.data)) {
		fprintf(stderr, "ace-stress: %s: %s\n", options.area, strerror(errno));
		return 2;
	}
	set_signals();
	if (options.process) {
		run_threads(NULL);
		/* Whether all is well the first process says; a deadlock it ends. */
		return failed();
	}

	for (unsigned i = 1; i < options.processes; i++)
		children[i] = start_process(arguments, count, (int)i);
	if (pthread_create(&runner, NULL, run_threads, NULL))
		fail("no thread: %s", strerror(errno));
	for (start = now(); atomic_load(&control->ready) < options.threads && !failed(); sched_yield())
		if (now() - start > 20)
			fail("the threads did not start");
	start = now();
	atomic_store(&control->go, 1);
	watch(start);
	seconds = now() - start;
	for (unsigned i = 1; i < options.processes; i++) {
		if (children[i] > 0 && failed())
			kill(children[i], SIGKILL);
		if (children[i] > 0 && waitpid(children[i], &status, 0) == children[i] && status)
			fail("process %u ended with status %d", i, status);
	}
	if (!failed()) {
		pthread_join(runner, NULL);
		check_totals();
	}
	for (size_t i = 0; i < sizeof control->hit_at; i++)
		offsets += control->hit_at[i];
	printf("ace-stress: %u threads in %u process%s, %.1f s: %lu increments (%.2f M/s), %lu messages (%.2f M/s; %lu from handlers), "
	       "%lu signals, %lu in the area at %u places, %lu of them nested: ",
		options.threads, options.processes, options.processes > 1 ? "es" : "", seconds, SUM(increments),
		(double)SUM(increments) / seconds / 1e6, SUM(received), (double)SUM(received) / seconds / 1e6,
		SUM(ticks) - SUM(refused), SUM(signals), SUM(hits), offsets, SUM(nested));
	while (atomic_load(&control->failed) == 1)
		sched_yield();
	printf("%s\n", failed() ? control->failure : "exact");
	fflush(stdout);
	return failed();
}

static void remove_names(void)
{
	ace_unlink(options.data);
	shm_unlink(options.control);
}

/* In a process of their own: what a broken area does to it is then a sentence, too. */
static int first_checks(void)
{
	struct step_figures figures;
	double start = now();
	pid_t child = fork();
	int status;

	if (child == 0) {
		alarm(options.seconds < 120 ? (unsigned)options.seconds : 120);
		if (check_opening(options.area, options.data) || ace_unlink(options.data) ||
		    ace_open(options.area, options.data) || step_everything(&figures) || ace_close())
			_exit(1);
		printf("ace-stress: opening, closing and sharing are right; interrupted at %lu boundaries (%lu places) and "
		       "twice nested at %lu, %.1f s: exact\n", figures.boundaries, figures.distinct, figures.nested, now() - start);
		fflush(stdout);
		_exit(0);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		return 2;
	if (WIFSIGNALED(status))
		fprintf(stderr, "ace-stress: the checks before the stress were ended by signal %d (%s)\n", WTERMSIG(status),
			strsignal(WTERMSIG(status)));
	ace_unlink(options.data);
	return status != 0;
}

static void usage(FILE *to)
{
	fputs("Usage: ace-stress [OPTION]... AREA\n\n"
	      "Maps the area of atomic code in the file AREA and stresses it with threads and signals.\n\n"
	      "  --increments=N  at least N increments in all (5000000)\n"
	      "  --messages=N    at least N messages in all, besides those of handlers (500000)\n"
	      "  --signals=N     at least N signals in all (20000)\n"
	      "  --threads=N     threads in all, at most 8 (two a processor)\n"
	      "  --processes=N   processes that share them out (1)\n"
	      "  --timer-us=N    microseconds between two signals of each thread's timer (250)\n"
	      "  --torment-us=N  microseconds between two pairs of the tormentor's signals (100)\n"
	      "  --seconds=N     fail if it takes longer (300)\n"
	      "  --no-swap       handlers do not let the area finish first: this must fail\n"
	      "  --check         first the checks that need no stress: opening the area, and every routine\n"
	      "                  interrupted at every instruction\n"
	      "  --help          this text\n\n"
	      "Exits with 0 if every number is right, 1 if not, 2 if it could not be tried.\n", to);
}

static unsigned long number(const char *text, unsigned long least, unsigned long most)
{
	char *end;
	unsigned long value;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || !*text || *end || *text == '-' || value < least || value > most) {
		fprintf(stderr, "ace-stress: %s is not a number from %lu to %lu\n", text, least, most);
		exit(2);
	}
	return value;
}

int main(int count, char **arguments)
{
	static const struct option long_options[] = {
		{ "increments", required_argument, NULL, 'i' }, { "messages", required_argument, NULL, 'm' },
		{ "signals", required_argument, NULL, 's' }, { "threads", required_argument, NULL, 't' },
		{ "processes", required_argument, NULL, 'p' }, { "timer-us", required_argument, NULL, 'u' },
		{ "torment-us", required_argument, NULL, 'o' }, { "seconds", required_argument, NULL, 'S' },
		{ "no-swap", no_argument, NULL, 'n' }, { "check", no_argument, NULL, 'c' }, { "help", no_argument, NULL, 'h' },
		{ "process", required_argument, NULL, 'P' }, { NULL, 0, NULL, 0 },
	};
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	int option, check = 0, result = 0, parent = getpid();

	options = (struct options){ .increments = 5000000, .messages = 500000, .signals = 20000, .seconds = 300,
		.processes = 1, .timer_us = 250, .torment_us = 100 };
	options.threads = processors < 1 ? 2 : processors > MAX_THREADS / 2 ? MAX_THREADS : (unsigned)processors * 2;
	while ((option = getopt_long(count, arguments, "", long_options, NULL)) != -1)
		switch (option) {
		case 'i': options.increments = number(optarg, 1, 1UL << 40); break;
		case 'm': options.messages = number(optarg, 0, 1UL << 40); break;
		case 's': options.signals = number(optarg, 0, 1UL << 40); break;
		case 't': options.threads = (unsigned)number(optarg, 1, MAX_THREADS); break;
		case 'p': options.processes = (unsigned)number(optarg, 1, MAX_THREADS); break;
		case 'u': options.timer_us = number(optarg, 1, 999999); break;
		case 'o': options.torment_us = number(optarg, 1, 999999); break;
		case 'S': options.seconds = number(optarg, 1, 1UL << 30); break;
		case 'n': options.no_swap = 1; break;
		case 'c': check = 1; break;
		case 'h': usage(stdout); return 0;
		case 'P':
			if (sscanf(optarg, "%d:%d", &options.process, &parent) != 2 || options.process < 1)
				return 2;
			break;
		default: usage(stderr); return 2;
		}
	if (optind + 1 != count) {
		usage(stderr);
		return 2;
	}
	if (options.threads < options.processes) {
		fprintf(stderr, "ace-stress: %u processes need as many threads\n", options.processes);
		return 2;
	}
	options.area = arguments[optind];
	snprintf(options.data, sizeof options.data, "/ace-stress.%d", parent);
	snprintf(options.control, sizeof options.control, "%s.control", options.data);
	if (options.process)
		return stress(arguments, count);
	if (check)
		result = first_checks();
	if (!result)
		result = stress(arguments, count);
	remove_names();
	/* Threads that wait for each other are still about: no exit handlers. */
	fflush(NULL);
	_exit(result);
}
