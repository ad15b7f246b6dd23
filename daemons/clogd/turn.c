/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemons/clogd/turn.h"

#include <pthread.h>
#include <stdlib.h>

/* Of the process: libqb's callbacks, which take it too, carry no context. */
static pthread_mutex_t turn;

/*
 * With priority inheritance the kernel hands it to who waits, and whoever has it runs before what is less
 * urgent than that; else the one that gives it and takes it again would have it all the time.
 */
int turn_init(void)
{
	pthread_mutexattr_t attributes;
	int error = pthread_mutexattr_init(&attributes);

	if (error)
		return -error;
	(void)pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
	(void)pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT);
	error = pthread_mutex_init(&turn, &attributes);
	(void)pthread_mutexattr_destroy(&attributes);
	return -error;
}

void turn_take(void)
{
	if (pthread_mutex_lock(&turn))
		abort();
}

void turn_give(void)
{
	if (pthread_mutex_unlock(&turn))
		abort();
}

void turn_offer(void)
{
	turn_give();
	turn_take();
}
