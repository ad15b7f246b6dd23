/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemons/clogd/lifecycle.h"

#include <signal.h>
#include <stdlib.h>

#include "daemons/clogd/log.h"
#include "daemons/clogd/process.h"
#include "daemons/clogd/runtime_internal.h"
#include "daemons/clogd/supervision.h"

#define SECOND_NS     1000000000ULL
#define READY_WAIT_NS (10 * SECOND_NS)
#define STOP_WAIT_NS  (10 * SECOND_NS)

void lifecycle_ready(struct runtime *runtime)
{
	if (runtime->ready)
		return;
	runtime->ready = true;
	if (!runtime->options->foreground)
		log_detach();
	process_ready();
	supervision_ready(runtime);
}

/* Corosync is not there: who started us need not wait for it. */
static void wait_too_long(void *data)
{
	turn_take();
	lifecycle_ready(data);
	turn_give();
}

void lifecycle_stop(struct runtime *runtime, int exit_status)
{
	runtime->exit_status = exit_status;
	qb_loop_stop(runtime->loop);
}

static void stop_late(void *data)
{
	turn_take();
	log_warning("the logs did not come to rest; stopping anyway");
	lifecycle_stop(data, EXIT_SUCCESS);
	turn_give();
}

void lifecycle_begin_stop(struct runtime *runtime)
{
	qb_loop_timer_handle ignored;

	if (runtime->stopping || !runtime->engine) {
		lifecycle_stop(runtime, EXIT_SUCCESS);
		return;
	}
	log_notice("stopping");
	supervision_stopping("stopping");
	runtime->stopping = true;
	if (runtime->netlink)
		netlink_stop_listening(runtime->netlink);
	(void)qb_loop_timer_add(runtime->loop, QB_LOOP_MED, STOP_WAIT_NS, runtime, stop_late,
				&ignored);
	runtime_after_input(runtime);
}

static int32_t on_stop_signal(int32_t number, void *data)
{
	(void)number;
	turn_take();
	lifecycle_begin_stop(data);
	turn_give();
	return 0;
}

static int32_t on_dump_signal(int32_t number, void *data)
{
	(void)number;
	(void)data;
	turn_take();
	(void)log_dump(PROCESS_BLACKBOX);
	turn_give();
	return 0;
}

static int32_t on_ignored_signal(int32_t number, void *data)
{
	(void)number;
	(void)data;
	return 0;
}

void lifecycle_open(struct runtime *runtime)
{
	qb_loop_timer_handle ignored;

	(void)qb_loop_timer_add(runtime->loop, QB_LOOP_MED, READY_WAIT_NS, runtime, wait_too_long,
				&ignored);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)qb_loop_signal_add(runtime->loop, QB_LOOP_HIGH, SIGTERM, runtime, on_stop_signal,
				 NULL);
	(void)qb_loop_signal_add(runtime->loop, QB_LOOP_HIGH, SIGINT, runtime, on_stop_signal,
				 NULL);
	(void)qb_loop_signal_add(runtime->loop, QB_LOOP_LOW, SIGHUP, runtime, on_ignored_signal,
				 NULL);
	(void)qb_loop_signal_add(runtime->loop, QB_LOOP_LOW, SIGUSR1, runtime, on_dump_signal,
				 NULL);
}
