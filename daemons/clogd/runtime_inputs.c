/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What comes in, on its way to the engine: with the time, and as urgent as it is. */
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "daemons/clogd/lifecycle.h"
#include "daemons/clogd/log.h"
#include "daemons/clogd/process.h"
#include "daemons/clogd/runtime_internal.h"

/* --- the time --- */

/* Never behind what the engine was told before. */
static uint64_t now_ms(struct runtime *runtime)
{
	return runtime->told_ms = clock_now_ms();
}

/* --- the haste --- */

/*
 * A large state comes in hundreds of pieces, each the work of milliseconds: with real-time priority nothing else would
 * run on this processor for seconds.
 */
#define LARGE_BYTES 8192

static void take_time(const struct runtime *runtime, size_t size)
{
	if (runtime->options->realtime && size >= LARGE_BYTES)
		process_take_time();
}

static void hurry_again(const struct runtime *runtime, size_t size)
{
	if (runtime->options->realtime && size >= LARGE_BYTES)
		process_hurry();
}

/* --- the timer --- */

/* Only ever set to an earlier time: when it fires too early, the tick does nothing and it is set again. */
static void set_timer(struct runtime *runtime, uint64_t deadline_ms)
{
	struct itimerspec when = {
		.it_value = {.tv_sec = (time_t)(deadline_ms / 1000),
			     .tv_nsec = (long)(deadline_ms % 1000) * 1000000L},
	};

	if (deadline_ms >= runtime->armed_ms)
		return;
	if (deadline_ms == 0)
		when.it_value.tv_nsec = 1; /* zero would disarm it */
	runtime->armed_ms = deadline_ms;
	(void)timerfd_settime(runtime->timer, TFD_TIMER_ABSTIME, &when, NULL);
}

void runtime_after_input(struct runtime *runtime)
{
	if (runtime->stopping && engine_quiesce(runtime->engine, now_ms(runtime)))
		lifecycle_stop(runtime, EXIT_SUCCESS);
	blockio_start(runtime->blockio);
	set_timer(runtime, engine_deadline_ms(runtime->engine));
}

/* In the kernel's thread: whether that was all the loop finds out, by its timer. */
static void after_request(struct runtime *runtime)
{
	blockio_start(runtime->blockio);
	set_timer(runtime, runtime->stopping ? 0 : engine_deadline_ms(runtime->engine));
}

void runtime_tick(struct runtime *runtime)
{
	uint64_t expirations;

	if (read(runtime->timer, &expirations, sizeof(expirations)) != sizeof(expirations))
		return;
	runtime->armed_ms = RUNTIME_NEVER;
	if (runtime->engine)
		engine_tick(runtime->engine, now_ms(runtime));
}

/* --- inputs from the kernel --- */

/*
 * Those that are answered from memory, or with a message, take the time of the last input, of half a second ago
 * at most: a clock is a system call where there are no better ones. What may write a log device must know when
 * the daemon has slept.
 */
static bool takes_last_time(enum ulog_type type)
{
	return type == ULOG_IN_SYNC || type == ULOG_MARK_REGION || type == ULOG_CLEAR_REGION ||
	       type == ULOG_FLUSH;
}

void runtime_request(void *context, const struct ulog_request *request)
{
	struct runtime *runtime = context;

	if (request->type == ULOG_CTR || request->type == ULOG_RESUME || request->type == ULOG_DTR)
		devices_changed(runtime->devices);
	engine_request(runtime->engine,
		       takes_last_time(request->type) ? runtime->told_ms : now_ms(runtime),
		       request);
	after_request(runtime);
}

/* --- inputs from the cluster --- */

void runtime_message(void *context, uint32_t node, const void *bytes, size_t size)
{
	struct runtime *runtime = context;

	take_time(runtime, size);
	engine_message(runtime->engine, now_ms(runtime), node, bytes, size);
	hurry_again(runtime, size);
	/* Now, not when it is known that no message more is there. */
	blockio_start(runtime->blockio);
	/* Many may come at once, and large ones take milliseconds. */
	turn_offer();
}

void runtime_view(void *context, const struct view *view)
{
	struct runtime *runtime = context;

	engine_view(runtime->engine, now_ms(runtime), view);
}

void runtime_quorum(void *context, enum quorum quorum, uint64_t ring, const uint32_t *nodes,
		    size_t node_count)
{
	struct runtime *runtime = context;

	engine_quorum(runtime->engine, now_ms(runtime), quorum, ring, nodes, node_count);
}

void runtime_disconnected(void *context)
{
	struct runtime *runtime = context;

	engine_disconnected(runtime->engine, now_ms(runtime));
}

/* --- inputs from disks and devices --- */

void runtime_disk_done(void *context, const struct disk_result *result)
{
	struct runtime *runtime = context;
	size_t size = result->data && result->result > 0 ? (size_t)result->result : 0;

	take_time(runtime, size);
	engine_disk_done(runtime->engine, now_ms(runtime), result);
	hurry_again(runtime, size);
}

void runtime_device_cycled(void *context, const char *uuid, int result)
{
	struct runtime *runtime = context;

	engine_device_cycled(runtime->engine, now_ms(runtime), uuid, result);
}

void runtime_names_ready(void *context)
{
	verbs_names_ready(context);
}
