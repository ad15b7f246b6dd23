/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemons/clogd/turn.h"

#include <pthread.h>
#include <stdlib.h>

/* Of the process: libqb's callbacks, which take it too, carry no context. */
static pthread_mutex_t turn = PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP;

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
