/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every unit test includes: cmocka, in the order it wants, and small helpers. */
#ifndef CLOGD_TESTS_UNIT_UNIT_H
#define CLOGD_TESTS_UNIT_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* cmocka wants these four before it */
#include <cmocka.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* Set by `make check-valgrind`: random tests do fewer rounds. */
static inline bool unit_is_quick(void)
{
	return getenv("CLOGD_TEST_QUICK") != NULL;
}

/* A small generator: the same numbers on every machine. The state may start as anything. */
static inline uint64_t unit_random(uint64_t *state)
{
	uint64_t mixed = *state += 0x9e3779b97f4a7c15ULL;

	mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9ULL;
	mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111ebULL;
	return mixed ^ mixed >> 31;
}

#endif
