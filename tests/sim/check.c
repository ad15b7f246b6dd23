/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/sim/check.h"

#include <stdarg.h>

#include "tests/sim/check_internal.h"
#include "tests/sim/world.h"

void check_init(struct world *world)
{
	world->checks = arena_new(&world->arena, sizeof(*world->checks));
}

void check_fail(struct world *world, const char *format, ...)
{
	va_list arguments;

	if (world->failed)
		return;
	world->failed = true;
	va_start(arguments, format);
	vsnprintf(world->failure, sizeof(world->failure), format, arguments);
	va_end(arguments);
	TRACE(world, 0, "FAILED: %s", world->failure);
}

void check_spoil(struct world *world)
{
	world->spoiled = true;
	COUNT(world, SPOILED);
}
