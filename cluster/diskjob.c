/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Disk jobs that are out. A job outlives the instance it was for; its result is then only cleaned up. */
#include <errno.h>
#include <stdlib.h>

#include "cluster/deadline.h"
#include "cluster/diskjob.h"
#include "cluster/engine_internal.h"
#include "cluster/lifecycle.h"
#include "common/memory.h"

struct disk_wait {
	struct disk_wait *next;
	uint64_t id;
	enum disk_purpose purpose;
	enum disk_job_kind kind; /* OPEN instead where the device is not open */
	struct locallog *log;    /* NULL: nobody waits any more */
	struct instance *instance;
};

void diskjob_start(struct engine *engine, struct locallog *log, struct instance *instance,
		   enum disk_purpose purpose, struct disk_job *job)
{
	struct disk_wait *wait = memory_new(1, sizeof(*wait));

	if (instance->handle < 0)
		*job = (struct disk_job){.kind = DISK_OPEN, .device = instance->args.device};
	wait->id = job->id = ++engine->last_job;
	wait->purpose = purpose;
	wait->kind = job->kind;
	wait->log = log;
	wait->instance = instance;
	wait->next = engine->jobs;
	engine->jobs = wait;
	engine->ports.disk(engine->ports.context, job);
}

void diskjob_forget_instance(struct engine *engine, const struct instance *instance)
{
	for (struct disk_wait *wait = engine->jobs; wait; wait = wait->next) {
		if (wait->instance != instance)
			continue;
		if (wait->purpose == DISK_FOR_WRITE)
			wait->log->disk.round_jobs--;
		wait->log = NULL;
		wait->instance = NULL;
	}
}

void diskjob_forget_loads(struct engine *engine, const struct locallog *log)
{
	for (struct disk_wait *wait = engine->jobs; wait; wait = wait->next)
		if (wait->log == log && wait->purpose == DISK_FOR_LOAD)
			wait->log = NULL;
}

static void close_handle(struct engine *engine, int handle)
{
	struct disk_job job = {.kind = DISK_CLOSE, .handle = handle};

	engine->ports.disk(engine->ports.context, &job);
}

void diskjob_close(struct engine *engine, struct instance *instance)
{
	if (instance->handle >= 0)
		close_handle(engine, instance->handle);
	instance->handle = -1;
}

void diskjob_free_all(struct engine *engine)
{
	while (engine->jobs) {
		struct disk_wait *wait = engine->jobs;

		engine->jobs = wait->next;
		free(wait);
	}
}

static void hand_over(struct engine *engine, const struct disk_wait *wait,
		      const struct disk_result *result)
{
	switch (wait->purpose) {
	case DISK_FOR_OPEN:
	case DISK_FOR_HEADER:
		lifecycle_opened(engine, wait->log, wait->instance, result);
		break;
	case DISK_FOR_LOAD:
		logdisk_load_piece(engine, wait->log, result);
		break;
	case DISK_FOR_WRITE:
		logdisk_round_done(engine, wait->log, result->result);
		break;
	}
}

/* Open, what was to be read or written is begun anew by whoever wanted it. */
static void reopened(struct engine *engine, struct disk_wait *wait,
		     const struct disk_result *result)
{
	struct disk_result instead = {.id = result->id, .result = result->result};

	if (result->result >= 0 && wait->instance->handle >= 0) {
		close_handle(engine, (int)result->result);
		instead.result = -EAGAIN;
	} else if (result->result >= 0) {
		instead.result = lifecycle_reopened(engine, wait->instance, result);
	}
	hand_over(engine, wait, &instead);
}

void diskjob_done(struct engine *engine, const struct disk_result *result)
{
	struct disk_wait **at = &engine->jobs;
	struct disk_wait *wait;

	while (*at && (*at)->id != result->id)
		at = &(*at)->next;
	wait = *at;
	if (!wait)
		return;
	*at = wait->next;
	if (wait->log) {
		deadline_of_log_changes(engine, wait->log);
		if (wait->kind == DISK_OPEN && wait->purpose != DISK_FOR_OPEN)
			reopened(engine, wait, result);
		else
			hand_over(engine, wait, result);
	} else if (wait->kind == DISK_OPEN && result->result >= 0) {
		close_handle(engine, (int)result->result);
	}
	free(wait);
}
