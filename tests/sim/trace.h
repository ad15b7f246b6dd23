/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The timed story of a run, one event a line, when somebody wants to read it. */
#ifndef CLOGD_SIM_TRACE_H
#define CLOGD_SIM_TRACE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct world;

struct trace {
	FILE *out;     /* NULL: nobody reads */
	FILE *explain; /* why it does not converge, or NULL */
};

/* `node` 0 is the world itself. */
#define TRACE(world, node, ...)                               \
	do {                                                  \
		if ((world)->trace.out)                       \
			trace_line(world, node, __VA_ARGS__); \
	} while (0)

void trace_line(struct world *world, uint32_t node, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
