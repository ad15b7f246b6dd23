/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verb "stop": refused under live mirrors, unless it is forced. */
#include <string.h>

#include "common/bytes.h"
#include "common/memory.h"
#include "daemons/clogd/lifecycle.h"
#include "daemons/clogd/log.h"
#include "daemons/clogd/runtime_internal.h"

#define FETCH_NS (500ULL * 1000 * 1000) /* for the client to fetch its answer */

struct live {
	const struct devices *devices;
	struct bytes_buffer names; /* each behind a blank */
	size_t count;
};

static void add_name(void *context, const char *name)
{
	struct live *live = context;

	bytes_put_u8(&live->names, ' ');
	bytes_put_raw(&live->names, name, strlen(name));
	live->count++;
}

/* A device that is being made has no live table yet. */
static void add_log(void *context, const struct engine_log_status *log)
{
	struct live *live = context;

	if (log->instance_count && !*device_name(live->devices, log->uuid))
		add_name(live, log->uuid);
}

static void stop(void *data)
{
	turn_take();
	lifecycle_begin_stop(data);
	turn_give();
}

static void refuse(struct runtime *runtime, uint64_t call, struct live *live)
{
	static const char before[] = "clogd is not stopped: live mirrors need it:";
	static const char after[] = "\nRemove them first, or use --force: their I/O then waits for "
				    "the next clogd.\n";
	struct bytes_buffer text = {0};

	bytes_put_raw(&text, before, sizeof(before) - 1);
	bytes_put_raw(&text, live->names.data, live->names.size);
	bytes_put_raw(&text, after, sizeof(after)); /* with its zero byte */
	ctl_server_answer(runtime->ctl, call, CTL_ATTENTION, (char *)text.data);
}

void verbs_stop(struct runtime *runtime, uint64_t call, bool forced)
{
	struct live live = {.devices = runtime->devices};
	qb_loop_timer_handle ignored;

	/* Device-mapper knows more than the engine: a kernel may not have turned to this daemon yet. */
	devices_visit(runtime->devices, &live, add_name);
	if (runtime->engine)
		engine_status_logs(runtime->engine, &live, add_log);
	if (live.count && !forced) {
		refuse(runtime, call, &live);
	} else {
		log_notice("an administrator asks to stop, with %zu live mirrors", live.count);
		ctl_server_answer(runtime->ctl, call, CTL_FINE, memory_string("clogd stops\n"));
		(void)qb_loop_timer_add(runtime->loop, QB_LOOP_MED, FETCH_NS, runtime, stop,
					&ignored);
	}
	bytes_free(&live.names);
}
