/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the engine asks for, and where it goes. Nothing here calls back into the engine. */
#include "daemons/clogd/kept.h"
#include "daemons/clogd/log.h"
#include "daemons/clogd/runtime_internal.h"

static void port_reply(void *context, const struct ulog_reply *reply)
{
	struct runtime *runtime = context;

	if (runtime->netlink)
		netlink_reply(runtime->netlink, reply);
}

static int port_send(void *context, const void *bytes, size_t size)
{
	return group_send(((struct runtime *)context)->group, bytes, size);
}

static void port_disk(void *context, const struct disk_job *job)
{
	blockio_submit(((struct runtime *)context)->blockio, job);
}

static void port_cycle_device(void *context, const char *uuid)
{
	device_cycle(((struct runtime *)context)->devices, uuid);
}

static void port_wake_device(void *context, const char *uuid)
{
	device_wake(((struct runtime *)context)->devices, uuid);
}

/* Its levels are syslog's. libqb wants the level of a call to be constant. */
static void port_report(void *context, enum report_level level, const char *text)
{
	(void)context;
	switch (level) {
	case REPORT_ERROR:
		log_error("%s", text);
		break;
	case REPORT_WARNING:
		log_warning("%s", text);
		break;
	case REPORT_NOTICE:
		log_notice("%s", text);
		break;
	case REPORT_INFO:
		log_info("%s", text);
		break;
	case REPORT_DEBUG:
		log_debug("%s", text);
		break;
	}
}

static void port_remember(void *context, const char *uuid, const uint32_t *nodes, size_t count)
{
	(void)context;
	kept_store(KEPT_ATTACHED, uuid, nodes, count);
}

static void port_remember_one_leg(void *context, const char *uuid, uint64_t luid,
				  const uint32_t *regions, size_t count)
{
	(void)context;
	kept_store_one_leg(uuid, luid, regions, count);
}

static void port_met(void *context, const uint32_t *nodes, size_t count)
{
	(void)context;
	kept_store_met(nodes, count);
}

void runtime_ports_init(struct runtime *runtime, struct engine_ports *ports)
{
	*ports = (struct engine_ports){
		.context = runtime,
		.reply = port_reply,
		.send = port_send,
		.disk = port_disk,
		.cycle_device = port_cycle_device,
		.wake_device = port_wake_device,
		.report = port_report,
		.remember = port_remember,
		.remember_one_leg = port_remember_one_leg,
		.met = port_met,
	};
}
