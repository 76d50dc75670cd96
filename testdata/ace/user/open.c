/* open.c - checks of opening and closing: before, twice, by many, in the way. */
#define _GNU_SOURCE
#include "stress.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROCESSES	8
#define INCREMENTS	1000

#define INSIST(condition) do { \
	if (!(condition)) { \
		fprintf(stderr, "ace-stress: %s (errno: %s)\n", #condition, strerror(errno)); \
		return -1; \
	} \
} while (0)

/* Everything fails, says why, and touches nothing. */
static int check_closed(void)
{
	uint64_t counter = 1, timer_counter = 1;

	errno = 0;
	INSIST(ace_inc_counter() == 0 && errno == ENODEV);
	errno = 0;
	INSIST(ace_inc_timer_counter() == 0 && errno == ENODEV);
	errno = 0;
	INSIST(ace_get_counters(&counter, &timer_counter) == -1 && errno == ENODEV && !counter && !timer_counter);
	errno = 0;
	INSIST(ace_queue_push(0, ACE_POOL) == -1 && errno == ENODEV);
	errno = 0;
	INSIST(ace_queue_pop(0) == NULL && errno == ENODEV);
	errno = 0;
	INSIST(ace_pool_get() == NULL && errno == ENODEV);
	errno = 0;
	INSIST(ace_pool_put(ACE_POOL) == -1 && errno == ENODEV);
	errno = 0;
	INSIST(ace_close() == -1 && errno == ENODEV);
	return 0;
}

/* What the primitives refuse. */
static int check_misuse(void)
{
	struct ace_message *message = ace_pool_get();

	INSIST(message);
	INSIST(ace_queue_push(ACE_QUEUES, message) == -1 && errno == EINVAL);
	INSIST(ace_queue_push(0, NULL) == -1 && errno == EINVAL);
	INSIST(ace_queue_push(0, (struct ace_message *)((char *)message + 8)) == -1 && errno == EINVAL);
	INSIST(ace_queue_push(0, ACE_POOL + ACE_MESSAGES) == -1 && errno == EINVAL);
	INSIST(ace_queue_push(0, message) == 0);
	INSIST(ace_queue_push(1, message) == -1 && errno == EINVAL);
	INSIST(ace_pool_put(message) == -1 && errno == EINVAL);
	INSIST(ace_queue_pop(ACE_QUEUES) == NULL && errno == EAGAIN);
	INSIST(ace_queue_pop(1) == NULL && errno == EAGAIN);
	INSIST(ace_queue_pop(0) == message);
	INSIST(ace_pool_put(message) == 0);
	INSIST(ace_pool_put(message) == -1 && errno == EINVAL);
	return 0;
}

/* All create the data at once: had one set them up again, increments were lost. */
static int check_race(const char *area, const char *data)
{
	uint64_t counter, timer_counter;
	pid_t children[PROCESSES];
	int status, start[2];
	char byte;

	INSIST(pipe(start) == 0);
	for (int i = 0; i < PROCESSES; i++) {
		children[i] = fork();
		INSIST(children[i] >= 0);
		if (children[i] == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			close(start[1]);
			if (read(start[0], &byte, 1) != 0 || ace_open(area, data))
				_exit(1);
			for (int n = 0; n < INCREMENTS; n++)
				ace_inc_counter();
			_exit(ace_close() ? 1 : 0);
		}
	}
	close(start[0]);
	close(start[1]);
	for (int i = 0; i < PROCESSES; i++)
		INSIST(waitpid(children[i], &status, 0) == children[i] && status == 0);
	INSIST(ace_open(area, data) == 0);
	INSIST(ace_get_counters(&counter, &timer_counter) == 0);
	INSIST(counter == (uint64_t)PROCESSES * INCREMENTS && timer_counter == 0);
	INSIST(ace_close() == 0);
	return 0;
}

int check_opening(const char *area, const char *data)
{
	uint64_t counter, timer_counter;
	void *obstacle;

	if (check_closed())
		return -1;
	INSIST(ace_open("/dev/null", data) == -1 && errno == ENOEXEC);
	INSIST(ace_open("/proc/self/exe", data) == -1 && errno == ENOEXEC);
	INSIST(ace_open("/nonexistent", data) == -1 && errno == ENOENT);
	obstacle = mmap((void *)ACE_AT_START, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	INSIST(obstacle == (void *)ACE_AT_START);
	INSIST(ace_open(area, data) == -1 && errno == EEXIST);
	munmap(obstacle, 4096);
	INSIST(ace_unlink(data) == 0);
	if (check_closed() || check_race(area, data))
		return -1;
	INSIST(ace_open(area, data) == 0 && ace_open(area, data) == 0);
	INSIST(ace_close() == 0);
	INSIST(ace_inc_counter() == (uint64_t)PROCESSES * INCREMENTS + 1);
	INSIST(ace_get_counters(&counter, &timer_counter) == 0 && counter == (uint64_t)PROCESSES * INCREMENTS + 1);
	if (check_misuse())
		return -1;
	INSIST(ace_close() == 0);
	return check_closed();
}
