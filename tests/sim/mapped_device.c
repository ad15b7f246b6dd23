/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/sim/mapped_device.h"

#include <errno.h>

#include "tests/sim/check.h"
#include "tests/sim/mirror.h"
#include "tests/sim/node.h"
#include "tests/sim/world.h"

struct mapped_device *mapped_device_new(struct kernel *kernel, struct mirror *mirror)
{
	struct mapped_device *device = arena_new(&kernel->world->arena, sizeof(*device));

	device->kernel = kernel;
	device->mirror = mirror;
	device->suspended = true; /* no table yet: as good as */
	device->block_io = true;
	list_init(&device->deferred);
	return device;
}

static void trace(const struct mapped_device *device, const char *what)
{
	TRACE(device->kernel->world, device->kernel->node->id, "device %s: %s",
	      device->mirror->uuid, what);
}

int mapped_device_load(struct mapped_device *device, uint32_t region_count)
{
	struct mirror_set *set;
	int error = 0;

	trace(device, "load");
	set = mirror_set_new(device->kernel, device->mirror, region_count, &error);
	if (!set)
		return error;
	if (device->loaded)
		mirror_set_destroy(device->loaded);
	device->loaded = set;
	return 0;
}

/* __dm_suspend() and what follows it */
void mapped_device_suspend(struct mapped_device *device, bool noflush)
{
	if (device->suspended)
		return;
	COUNT(device->kernel->world, SUSPENDS);
	trace(device, noflush ? "suspend (noflush)" : "suspend");
	device->noflush = noflush;
	device->live->noflush = noflush;
	mirror_set_presuspend(device->live);
	device->block_io = true;
	mirror_set_wait_for_readers(device->live);
	while (device->pending_io)
		waitlist_wait(&device->waiting, FIBER_FOREVER);
	device->suspended = true;
	device->noflush = false;
	device->live->noflush = false;
	mirror_set_postsuspend(device->live);
	trace(device, "suspended");
}

static void queue_flush(struct mapped_device *device)
{
	struct list deferred;

	list_init(&deferred);
	list_move_all(&deferred, &device->deferred);
	device->block_io = false;
	for (struct list *at = list_pop(&deferred); at; at = list_pop(&deferred))
		mapped_device_submit(device, list_entry(at, struct bio, list));
}

void mapped_device_resume(struct mapped_device *device, bool drop_first)
{
	struct mirror_set *old = NULL;

	if (device->loaded) {
		if (device->live && !device->suspended)
			mapped_device_suspend(device, false);
		COUNT(device->kernel->world, RELOADS);
		old = device->live;
		device->live = device->loaded;
		device->loaded = NULL;
	}
	if (old)
		mirror_set_wait_for_readers(old);
	if (old && drop_first) {
		mirror_set_destroy(old);
		old = NULL;
	}
	if (device->suspended && device->live) {
		trace(device, "resume");
		mirror_set_resume(device->live);
		queue_flush(device);
		device->suspended = false;
	}
	if (old)
		mirror_set_destroy(old);
	trace(device, "resumed");
}

void mapped_device_remove(struct mapped_device *device)
{
	trace(device, "remove");
	if (!device->suspended)
		mapped_device_suspend(device, false);
	if (device->loaded)
		mirror_set_destroy(device->loaded);
	if (device->live) {
		mirror_set_wait_for_readers(device->live);
		mirror_set_destroy(device->live);
	}
	device->loaded = NULL;
	device->live = NULL;
}

void mapped_device_submit(struct mapped_device *device, struct bio *bio)
{
	bio->device = device;
	if (device->block_io) {
		list_append(&device->deferred, &bio->list);
		return;
	}
	/* It waited for a table that is smaller: no target maps it (dm.c, dm_table_find_target()). */
	if (bio->region >= device->live->region_count) {
		bio->status = -EIO;
		bio->done(bio);
		return;
	}
	device->pending_io++;
	mirror_set_map(device->live, bio);
}

void mapped_device_end_io(struct bio *bio)
{
	struct mapped_device *device = bio->device;

	mirror_set_end_io(bio->set, bio);
	device->pending_io--;
	waitlist_wake(&device->waiting);
	if (bio->status == BIO_REQUEUE && device->noflush) {
		COUNT(device->kernel->world, REQUEUED);
		list_append(&device->deferred, &bio->list);
		return;
	}
	if (bio->status == BIO_REQUEUE)
		bio->status = -EIO;
	bio->done(bio);
}
