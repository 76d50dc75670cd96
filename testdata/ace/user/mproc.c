/* mproc.c - starting and ending message processors. */
#include "mproc.h"

#include <errno.h>

int mproc_start(struct mproc *mproc, unsigned queue, void *(*run)(void *), void *argument)
{
	if (queue >= ACE_QUEUES)
		return EINVAL;
	mproc->queue = queue;
	return pthread_create(&mproc->thread, NULL, run, argument);
}

int mproc_join(struct mproc *mproc)
{
	return pthread_join(mproc->thread, NULL);
}
