/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one clock of the daemon. */
#ifndef CLOGD_DAEMONS_CLOCK_H
#define CLOGD_DAEMONS_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t clock_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

#endif
