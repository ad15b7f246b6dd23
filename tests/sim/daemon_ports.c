/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the engine asks of the world. Nothing here calls back into it. */
#include <string.h>

#include "tests/sim/admin.h"
#include "tests/sim/check.h"
#include "tests/sim/daemon.h"
#include "tests/sim/disk.h"
#include "tests/sim/kernel.h"
#include "tests/sim/mirror.h"
#include "tests/sim/node.h"
#include "tests/sim/world.h"

struct reply_in_flight {
	struct kernel *kernel;
	size_t size;
	uint8_t bytes[];
};

static void deliver_reply(void *context, uint64_t argument)
{
	struct reply_in_flight *reply = context;

	(void)argument;
	if (!reply->kernel->fibers->killed)
		kernel_answer(reply->kernel, reply->bytes, reply->size);
}

static void port_reply(void *context, const struct ulog_reply *reply)
{
	struct daemon *daemon = context;
	struct world *world = daemon->world;
	uint8_t bytes[ULOG_REQUEST_BYTES + ULOG_REPLY_DATA_MAX];
	struct reply_in_flight *flight;
	int size;

	if (reply->seq == PROBE_SEQ) {
		daemon->probe_answered = reply->error == 0 && reply->data_size == 8;
		memcpy(&daemon->probe_answer, reply->data, sizeof(daemon->probe_answer));
		return;
	}
	check_frozen(daemon, reply);
	size = ulog_reply_encode(reply, bytes, sizeof(bytes));
	if (size < 0) {
		check_fail(world, "a reply that cannot be encoded: %d", size);
		return;
	}
	/* The kernel had no memory for it (daemons/clogd/netlink.c). */
	if (world->netlink_loss_per_mille &&
	    random_chance(&world->random_io, world->netlink_loss_per_mille)) {
		kernel_lose_answer(daemon->node->kernel, reply->seq);
		return;
	}
	flight = arena_new(&world->arena, sizeof(*flight) + (size_t)size);
	flight->kernel = daemon->node->kernel;
	flight->size = (size_t)size;
	memcpy(flight->bytes, bytes, (size_t)size);
	clock_after(&world->clock, 1, deliver_reply, flight, 0);
}

static int port_send(void *context, const void *bytes, size_t size)
{
	struct daemon *daemon = context;

	return bus_send(&daemon->world->bus, daemon->node->id, bytes, size);
}

static void port_disk(void *context, const struct disk_job *job)
{
	struct daemon *daemon = context;

	disk_submit(daemon->world, daemon, job);
}

static void port_cycle_device(void *context, const char *uuid)
{
	struct daemon *daemon = context;

	admin_cycle_for_daemon(daemon, uuid);
}

static void port_wake_device(void *context, const char *uuid)
{
	struct daemon *daemon = context;

	admin_wake(daemon->node, uuid);
}

static void port_remember(void *context, const char *uuid, const uint32_t *nodes, size_t count)
{
	struct daemon *daemon = context;

	for (uint32_t i = 0; i < daemon->world->settings.mirror_count; i++) {
		if (strcmp(daemon->world->mirrors[i]->uuid, uuid) != 0)
			continue;
		memcpy(daemon->node->kernel->remembered[i].nodes, nodes, count * sizeof(*nodes));
		daemon->node->kernel->remembered[i].count = count;
	}
}

static void port_remember_one_leg(void *context, const char *uuid, uint64_t luid,
				  const uint32_t *regions, size_t count)
{
	struct daemon *daemon = context;

	TRACE(daemon->world, daemon->node->id, "clogd keeps %zu regions on one leg, luid %llx",
	      count, (unsigned long long)luid);
	for (uint32_t i = 0; i < daemon->world->settings.mirror_count; i++) {
		if (strcmp(daemon->world->mirrors[i]->uuid, uuid) != 0)
			continue;
		memcpy(daemon->node->kernel->one_leg[i].regions, regions, count * sizeof(*regions));
		daemon->node->kernel->one_leg[i].count = count;
		daemon->node->kernel->one_leg[i].luid = luid;
	}
}

static void port_met(void *context, const uint32_t *nodes, size_t count)
{
	struct node *node = ((struct daemon *)context)->node;

	memcpy(node->met, nodes, count * sizeof(*nodes));
	node->met_count = count;
}

static void port_report(void *context, enum report_level level, const char *text)
{
	struct daemon *daemon = context;

	TRACE(daemon->world, daemon->node->id, "clogd <%d> %s", (int)level, text);
}

const struct engine_ports daemon_ports = {
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
