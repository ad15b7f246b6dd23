/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/sim/daemon.h"

#include <string.h>

#include "tests/sim/check.h"
#include "tests/sim/kernel.h"
#include "tests/sim/mirror.h"
#include "tests/sim/node.h"
#include "tests/sim/world.h"

#define INPUTS_AT_ONCE 16

static bool is_over(const struct daemon *daemon)
{
	return daemon->engine == NULL;
}

uint64_t daemon_now_ms(const struct daemon *daemon)
{
	return daemon->clock_offset_ms + daemon->world->clock.now_us / US_PER_MS;
}

static void settle(struct daemon *daemon);

static void tick(void *context, uint64_t at_ms)
{
	struct daemon *daemon = context;
	uint64_t now_ms;

	if (is_over(daemon) || daemon->tick_at_ms != at_ms)
		return;
	now_ms = daemon_now_ms(daemon);
	if (daemon->world->clock.now_us < daemon->paused_until_us) {
		clock_after(&daemon->world->clock,
			    daemon->paused_until_us - daemon->world->clock.now_us, tick, daemon,
			    at_ms);
		return;
	}
	daemon->tick_at_ms = UINT64_MAX;
	engine_tick(daemon->engine, now_ms);
	check_ticked(daemon);
	settle(daemon);
}

static void end(struct daemon *daemon)
{
	engine_free(daemon->engine);
	daemon->engine = NULL;
	daemon->node->daemon = NULL;
}

/* After each input: when to come back, and whether a daemon that is asked to stop may. */
static void settle(struct daemon *daemon)
{
	uint64_t deadline_ms, now_ms = daemon_now_ms(daemon);

	if (daemon->stopping && engine_quiesce(daemon->engine, now_ms)) {
		engine_hand_back(daemon->engine, now_ms);
		TRACE(daemon->world, daemon->node->id, "clogd stopped");
		bus_leave(&daemon->world->bus, daemon->node->id, VIEW_LEFT);
		end(daemon);
		return;
	}
	deadline_ms = engine_deadline_ms(daemon->engine);
	if (deadline_ms == UINT64_MAX || deadline_ms == daemon->tick_at_ms)
		return;
	daemon->tick_at_ms = deadline_ms;
	clock_after(&daemon->world->clock,
		    (deadline_ms > now_ms ? deadline_ms - now_ms : 1) * US_PER_MS, tick, daemon,
		    deadline_ms);
}

static void drain(void *context, uint64_t argument)
{
	struct daemon *daemon = context;
	struct input *input = NULL;

	(void)argument;
	daemon->draining = false;
	if (is_over(daemon))
		return;
	for (int i = 0; i < INPUTS_AT_ONCE && (input = daemon_next_input(daemon)); i++) {
		daemon_handle(daemon, input);
		settle(daemon);
		if (is_over(daemon))
			return;
	}
	if (input)
		daemon_wake(daemon);
}

void daemon_wake(struct daemon *daemon)
{
	uint64_t now_us = daemon->world->clock.now_us;
	uint64_t delay = 1 + random_delay(&daemon->world->random_io, 40);

	if (daemon->draining || is_over(daemon))
		return;
	daemon->draining = true;
	if (now_us < daemon->paused_until_us)
		delay += daemon->paused_until_us - now_us;
	clock_after(&daemon->world->clock, delay, drain, daemon, 0);
}

static void fill_settings(const struct daemon *daemon, struct engine_settings *settings)
{
	const struct settings *from = &daemon->world->settings;

	engine_settings_init(settings);
	settings->node = daemon->node->id;
	settings->join_seed = random_u64(&daemon->world->random_io);
	settings->window_regions = from->window_regions;
	settings->hold_ms = from->hold_ms;
	settings->mark_ahead_regions = from->mark_ahead_regions;
	settings->recovery_batch = from->recovery_batch;
	settings->state_piece_bytes = from->state_piece_bytes;
	settings->snapshot_piece_bytes = from->snapshot_piece_bytes;
	settings->fencing = from->fencing;
}

static void recall(struct daemon *daemon)
{
	const struct kernel *kernel = daemon->node->kernel;

	engine_recall_met(daemon->engine, daemon->node->met, daemon->node->met_count);
	for (uint32_t i = 0; i < daemon->world->settings.mirror_count; i++) {
		if (kernel->remembered[i].count)
			engine_recall(daemon->engine, daemon->world->mirrors[i]->uuid,
				      kernel->remembered[i].nodes, kernel->remembered[i].count);
		if (kernel->one_leg[i].count)
			engine_recall_one_leg(daemon->engine, daemon->world->mirrors[i]->uuid,
					      kernel->one_leg[i].luid, kernel->one_leg[i].regions,
					      kernel->one_leg[i].count);
	}
}

struct daemon *daemon_start(struct node *node)
{
	struct daemon *daemon = arena_new(&node->world->arena, sizeof(*daemon));
	struct engine_settings settings;
	struct engine_ports ports = daemon_ports;

	daemon->world = node->world;
	daemon->node = node;
	daemon->epoch = ++node->daemon_epochs;
	daemon->clock_offset_ms = node->clock_offset_ms;
	daemon->tick_at_ms = UINT64_MAX;
	for (int i = 0; i < SOURCES; i++)
		daemon->queues[i].last = &daemon->queues[i].first;
	fill_settings(daemon, &settings);
	ports.context = daemon;
	daemon->engine = engine_new(&settings, &ports, daemon_now_ms(daemon));
	TRACE(node->world, node->id, "clogd starts");
	recall(daemon);
	node->daemon = daemon;
	bus_join(&node->world->bus, node->id);
	settle(daemon);
	return daemon;
}

void daemon_kill(struct daemon *daemon)
{
	TRACE(daemon->world, daemon->node->id, "clogd is killed");
	end(daemon);
	bus_leave(&daemon->world->bus, daemon->node->id, VIEW_PROCDOWN);
}

void daemon_stop(struct daemon *daemon)
{
	TRACE(daemon->world, daemon->node->id, "clogd is asked to stop");
	daemon->stopping = true;
	daemon_wake(daemon);
	settle(daemon);
}

void daemon_pause(struct daemon *daemon, uint64_t duration_us)
{
	TRACE(daemon->world, daemon->node->id, "clogd pauses for %llu ms",
	      (unsigned long long)(duration_us / US_PER_MS));
	daemon->paused_until_us = daemon->world->clock.now_us + duration_us;
}

int daemon_probe_clean(struct daemon *daemon, const char *uuid, uint64_t luid, uint32_t region)
{
	struct ulog_request request = {
		.luid = luid,
		.version = 3,
		.seq = PROBE_SEQ,
		.type = ULOG_IS_CLEAN,
		.region_count = 1,
		.regions = {region},
	};

	strcpy(request.uuid, uuid);
	daemon->probe_answered = false;
	engine_request(daemon->engine, daemon_now_ms(daemon), &request);
	return daemon->probe_answered ? (int)daemon->probe_answer : -1;
}
