/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one source of chance: the same seed, the same run. */
#ifndef CLOGD_SIM_RANDOM_H
#define CLOGD_SIM_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct random {
	uint64_t state;
};

/* Streams of one seed do not disturb each other: one more draw here changes nothing there. */
void random_init(struct random *random, uint64_t seed, uint64_t stream);
uint64_t random_u64(struct random *random);
/* 0 .. limit-1; limit is not 0. */
uint64_t random_below(struct random *random, uint64_t limit);
/* low .. high, both included. */
uint64_t random_between(struct random *random, uint64_t low, uint64_t high);
bool random_chance(struct random *random, uint32_t per_mille);
/* A waiting time: mostly below `typical`, sometimes four times, rarely twenty times as long. */
uint64_t random_delay(struct random *random, uint64_t typical);

#endif
