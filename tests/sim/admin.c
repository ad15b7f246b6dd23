/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/sim/admin.h"

#include <errno.h>
#include <string.h>

#include "tests/sim/check.h"
#include "tests/sim/daemon.h"
#include "tests/sim/mapped_device.h"
#include "tests/sim/mirror.h"
#include "tests/sim/node.h"
#include "tests/sim/world.h"

/* One command on one device of one booted node. */
struct command {
	struct node *node;
	struct kernel *kernel;
	struct mirror *mirror;
	uint32_t index;
	bool flag;
	struct daemon *daemon; /* that ran then, or NULL */
};

static void start(struct node *node, uint32_t index, bool flag, void (*run)(void *context))
{
	struct world *world = node->world;
	struct command *command;

	if (!node->is_on)
		return;
	command = arena_new(&world->arena, sizeof(*command));
	*command = (struct command){
		.node = node,
		.kernel = node->kernel,
		.mirror = world->mirrors[index],
		.index = index,
		.flag = flag,
		.daemon = node->daemon,
	};
	fiber_spawn(node->kernel->fibers, run, command);
}

static void sleep_ms(struct command *command, uint64_t low, uint64_t high)
{
	fiber_sleep_us(random_between(&command->kernel->world->random_io, low, high) * US_PER_MS);
}

/* --- make --- */

static void run_create(void *context)
{
	struct command *command = context;
	struct mapped_device *device;

	command->node->has_device[command->index] = true;
	if (command->kernel->devices[command->index])
		return;
	device = mapped_device_new(command->kernel, command->mirror);
	command->kernel->devices[command->index] = device;
	fiber_lock(&device->administration);
	while (mapped_device_load(device, command->mirror->region_count) != 0)
		sleep_ms(command, 500, 3000);
	sleep_ms(command, 0, 50);
	mapped_device_resume(device, false);
	fiber_unlock(&device->administration);
}

void admin_create(struct node *node, uint32_t mirror)
{
	start(node, mirror, false, run_create);
}

/* --- remove --- */

/* Who keeps it open, or cannot let it go because a write is held, wins in the end. */
static bool wait_until_closed(struct mapped_device *device)
{
	while (device->open_count)
		if (!waitlist_wait(&device->closing_waiting, 5 * US_PER_S))
			return false;
	return true;
}

static void run_remove(void *context)
{
	struct command *command = context;
	struct mapped_device *device = command->kernel->devices[command->index];

	if (!device || device->closing)
		return;
	device->closing = true;
	if (!wait_until_closed(device)) {
		device->closing = false;
		return;
	}
	fiber_lock(&device->administration);
	command->node->has_device[command->index] = command->flag;
	mapped_device_remove(device);
	command->kernel->devices[command->index] = NULL;
	fiber_unlock(&device->administration);
	if (!command->flag)
		return;
	sleep_ms(command, 0, 8000);
	run_create(command);
}

void admin_remove(struct node *node, uint32_t mirror, bool again)
{
	start(node, mirror, again, run_remove);
}

/* --- suspend and resume, reload --- */

static void run_cycle(void *context)
{
	struct command *command = context;
	struct mapped_device *device = command->kernel->devices[command->index];

	if (!device)
		return;
	fiber_lock(&device->administration);
	if (device->live) {
		mapped_device_suspend(device, command->flag);
		sleep_ms(command, 0,
			 random_chance(&command->kernel->world->random_io, 200) ? 5000 : 50);
		mapped_device_resume(device, false);
	}
	fiber_unlock(&device->administration);
}

void admin_cycle(struct node *node, uint32_t mirror, bool noflush)
{
	start(node, mirror, noflush, run_cycle);
}

/* Loading may come long before the suspend; some tools drop the old table before the new one resumes. */
static void run_reload(void *context)
{
	struct command *command = context;
	struct mapped_device *device = command->kernel->devices[command->index];
	struct random *random = &command->kernel->world->random_io;

	if (!device)
		return;
	fiber_lock(&device->administration);
	while (device->live) {
		if (mapped_device_load(device, command->mirror->region_count) != 0) {
			sleep_ms(command, 500, 3000);
			continue;
		}
		sleep_ms(command, 0, random_chance(random, 300) ? 3000 : 20);
		mapped_device_suspend(device, true);
		sleep_ms(command, 0, random_chance(random, 300) ? 3000 : 20);
		mapped_device_resume(device, random_chance(random, 200));
		break;
	}
	fiber_unlock(&device->administration);
}

void admin_reload(struct node *node, uint32_t mirror)
{
	start(node, mirror, false, run_reload);
}

static void run_status(void *context)
{
	struct command *command = context;
	struct mapped_device *device = command->kernel->devices[command->index];

	/* Whoever looks asks nobody: it comes into the middle of suspends and reloads. */
	if (device && device->live && !device->closing)
		mirror_set_status(device->live);
}

void admin_status(struct node *node, uint32_t mirror)
{
	start(node, mirror, false, run_status);
}

/* --- for the daemon --- */

static bool find_mirror(const struct node *node, const char *uuid, uint32_t *index)
{
	for (uint32_t i = 0; i < node->world->settings.mirror_count; i++)
		if (strcmp(node->world->mirrors[i]->uuid, uuid) == 0) {
			*index = i;
			return true;
		}
	return false;
}

/* The helper process: it leaves a device alone that somebody else is changing (daemons/clogd/device_child.c). */
static int cycle_if_idle(const struct command *command)
{
	struct mapped_device *device = command->kernel->devices[command->index];

	if (!device || !device->live)
		return -ENOENT;
	if (device->administration.held || device->suspended || device->loaded)
		return -EBUSY;
	fiber_lock(&device->administration);
	mapped_device_suspend(device, true);
	mapped_device_resume(device, false);
	fiber_unlock(&device->administration);
	return 0;
}

/* One at a time for each daemon, which hears of the last one (daemons/clogd/device.h). A dead daemon's goes to its end. */
static void run_cycle_for_daemon(void *context)
{
	struct command *command = context;
	struct daemon *daemon = command->daemon;
	int result;

	do {
		daemon->cycle_again[command->index] = false;
		result = cycle_if_idle(command);
	} while (daemon->engine && daemon->cycle_again[command->index]);
	daemon->cycling[command->index] = false;
	if (daemon->engine)
		daemon_push_cycled(daemon, command->mirror->uuid, result);
}

void admin_cycle_for_daemon(struct daemon *daemon, const char *uuid)
{
	uint32_t index;

	COUNT(daemon->world, CYCLES);
	TRACE(daemon->world, daemon->node->id, "clogd wants %s suspended and resumed", uuid);
	if (!find_mirror(daemon->node, uuid, &index)) {
		check_fail(daemon->world, "cycle_device of an unknown device %s", uuid);
		return;
	}
	daemon->cycle_again[index] = daemon->cycling[index];
	if (daemon->cycling[index])
		return;
	daemon->cycling[index] = true;
	start(daemon->node, index, false, run_cycle_for_daemon);
}

static void woken(struct bio *bio)
{
	(void)bio;
}

static void wake(void *context, uint64_t index)
{
	struct kernel *kernel = context;
	struct mapped_device *device = kernel->devices[index];
	struct bio *bio;

	if (kernel->fibers->killed || !device || !device->live)
		return;
	COUNT(kernel->world, WAKES);
	TRACE(kernel->world, kernel->node->id, "clogd has %s read", device->mirror->uuid);
	bio = arena_new(&kernel->world->arena, sizeof(*bio));
	bio->done = woken;
	mapped_device_submit(device, bio);
}

void admin_wake(struct node *node, const char *uuid)
{
	uint32_t index;

	if (!find_mirror(node, uuid, &index))
		check_fail(node->world, "wake_device of an unknown device %s", uuid);
	else
		clock_after(&node->world->clock, 100, wake, node->kernel, index);
}
