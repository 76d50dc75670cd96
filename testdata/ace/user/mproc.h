/*
 * mproc.h - message processors: a thread and its queue. Messages are handed over
 * by pointer, between threads, processes and signal handlers alike; an mproc is
 * known to all of them by the number of its queue.
 */
#ifndef MPROC_H
#define MPROC_H

#include "../ace.h"

#include <pthread.h>

struct mproc {
	unsigned queue;
	pthread_t thread;
};

/* Start a thread for `queue` that runs `run(argument)`: 0, or an error number. */
int mproc_start(struct mproc *mproc, unsigned queue, void *(*run)(void *), void *argument);
int mproc_join(struct mproc *mproc);

/* The message is the receiver's from here on, unless this returns -1. */
static inline int mproc_send(unsigned queue, struct ace_message *message)
{
	return ace_queue_push(queue, message);
}

/* The oldest message to this mproc, now its own, or NULL. */
static inline struct ace_message *mproc_receive(const struct mproc *mproc)
{
	return ace_queue_pop(mproc->queue);
}

#endif
