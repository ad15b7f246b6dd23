/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a mirror does to its legs: writes, reads, copies, and what their errors mean. */
#include <errno.h>

#include "tests/sim/check.h"
#include "tests/sim/mapped_device.h"
#include "tests/sim/mirror.h"
#include "tests/sim/mirror_set.h"
#include "tests/sim/node.h"
#include "tests/sim/world.h"

uint32_t mirror_set_choose(const struct mirror_set *set)
{
	for (uint32_t i = 0; i < set->leg_count; i++) {
		/* downwards, and around */
		uint32_t index = (set->default_mirror + set->leg_count - i) % set->leg_count;

		if (!set->error_count[index])
			return index;
	}
	return LEGS_MAX;
}

bool mirror_set_any_valid(const struct mirror_set *set)
{
	return mirror_set_choose(set) != LEGS_MAX;
}

static void fail_mirror(struct mirror_set *set, uint32_t index)
{
	bool first = set->error_count[index] == 0;

	set->leg_failure = true;
	COUNT(set->kernel->world, LEG_ERRORS);
	set->error_count[index]++;
	if (!first || !set->errors_handled || index != set->default_mirror || !set->in_sync)
		return;
	for (uint32_t i = 0; i < set->leg_count; i++)
		if (!set->error_count[i]) {
			set->default_mirror = i;
			return;
		}
}

static uint32_t index_of_leg(const struct mirror_set *set, uint32_t leg)
{
	uint32_t index = 0;

	while (set->leg_order[index] != leg)
		index++;
	return index;
}

static void count_write(struct mirror_set *set, uint32_t region, int change)
{
	uint16_t *count = &set->kernel->leg_writes[set->mirror->index][region];

	*count = (uint16_t)(*count + change);
}

void mirror_set_hold(struct mirror_set *set, struct bio *bio)
{
	if (!set->suspending) {
		COUNT(set->kernel->world, HELD);
		list_append(&set->holds, &bio->list);
		return;
	}
	bio->status = set->noflush ? BIO_REQUEUE : -EIO;
	mapped_device_end_io(bio);
}

/* --- writes --- */

static void write_done(void *context, uint32_t leg, int error, uint32_t value)
{
	struct bio *bio = context;
	struct mirror_set *set = bio->set;
	bool should_wake;

	(void)value;
	count_write(set, bio->region, -1);
	if (error)
		bio->error_legs |= 1U << index_of_leg(set, leg);
	if (--bio->outstanding)
		return;
	if (!bio->error_legs) {
		mapped_device_end_io(bio);
		return;
	}
	for (uint32_t i = 0; i < set->leg_count; i++)
		if (bio->error_legs & (1U << i))
			fail_mirror(set, i);
	should_wake = list_is_empty(&set->failures);
	list_append(&set->failures, &bio->list);
	if (should_wake)
		mirror_set_wake(set);
}

void mirror_set_write_all(struct mirror_set *set, struct bio *bio)
{
	bio->outstanding = set->leg_count;
	for (uint32_t i = 0; i < set->leg_count; i++) {
		count_write(set, bio->region, 1);
		legs_write(&set->mirror->legs, set->kernel->node, set->leg_order[i], bio->block,
			   bio->value, write_done, bio);
	}
}

static void write_default_done(void *context, uint32_t leg, int error, uint32_t value)
{
	struct bio *bio = context;

	(void)leg;
	(void)value;
	count_write(bio->set, bio->region, -1);
	bio->status = error;
	mapped_device_end_io(bio);
}

void mirror_set_write_default(struct mirror_set *set, struct bio *bio)
{
	COUNT(set->kernel->world, PRIMARY_ONLY);
	count_write(set, bio->region, 1);
	legs_write(&set->mirror->legs, set->kernel->node, set->leg_order[set->default_mirror],
		   bio->block, bio->value, write_default_done, bio);
}

/* --- reads --- */

static void read_done(void *context, uint32_t leg, int error, uint32_t value)
{
	struct bio *bio = context;
	struct mirror_set *set = bio->set;

	bio->value = value;
	if (!error) {
		mapped_device_end_io(bio);
		return;
	}
	fail_mirror(set, index_of_leg(set, leg));
	if (mirror_set_any_valid(set)) {
		bool should_wake = list_is_empty(&set->reads);

		list_append(&set->reads, &bio->list);
		if (should_wake)
			mirror_set_wake(set);
		return;
	}
	bio->status = -EIO;
	mapped_device_end_io(bio);
}

void mirror_set_read(struct mirror_set *set, struct bio *bio, uint32_t index)
{
	legs_read(&set->mirror->legs, set->kernel->node, set->leg_order[index], bio->block,
		  read_done, bio);
}

/* --- recovery: kcopyd reads a piece from the default mirror and then writes it to the others --- */

struct copy {
	struct mirror_set *set;
	struct region *region;
	uint32_t source; /* index */
	uint32_t pieces_left;
	bool read_failed;
	bool raced;      /* another node wrote to the region meanwhile */
	uint32_t failed; /* bits by index */
};

struct copy_piece {
	struct copy *copy;
	uint32_t block;
	uint32_t writes_left;
};

static bool others_write(const struct mirror_set *set, uint32_t region)
{
	const struct world *world = set->kernel->world;

	for (uint32_t id = 1; id <= world->settings.node_count; id++) {
		const struct kernel *kernel = world->nodes[id]->kernel;

		if (kernel && kernel != set->kernel &&
		    kernel->leg_writes[set->mirror->index][region])
			return true;
	}
	return false;
}

static void end_copy(struct copy *copy)
{
	struct mirror_set *set = copy->set;
	bool success = !copy->read_failed && !copy->failed;

	COUNT(set->kernel->world, COPIES);
	if (copy->raced)
		COUNT(set->kernel->world, COPIES_RACED);
	if (copy->read_failed)
		fail_mirror(set, set->default_mirror);
	for (uint32_t i = 0; i < set->leg_count; i++)
		if (copy->failed & (1U << i))
			fail_mirror(set, i);
	TRACE(set->kernel->world, set->kernel->node->id, "copied region %u of %s%s",
	      copy->region->key, set->mirror->uuid, success ? "" : " (failed)");
	region_hash_recovery_end(&set->hash, copy->region, success);
}

static void end_piece(struct copy_piece *piece)
{
	if (--piece->copy->pieces_left == 0)
		end_copy(piece->copy);
}

static void piece_written(void *context, uint32_t leg, int error, uint32_t value)
{
	struct copy_piece *piece = context;
	struct copy *copy = piece->copy;

	(void)value;
	count_write(copy->set, copy->region->key, -1);
	if (error)
		copy->failed |= 1U << index_of_leg(copy->set, leg);
	if (--piece->writes_left == 0)
		end_piece(piece);
}

static void write_piece(void *context, uint64_t value)
{
	struct copy_piece *piece = context;
	struct copy *copy = piece->copy;
	struct mirror_set *set = copy->set;

	if (set->kernel->fibers->killed)
		return;
	copy->raced = copy->raced || others_write(set, copy->region->key);
	piece->writes_left = set->leg_count - 1;
	for (uint32_t i = 0; i < set->leg_count; i++) {
		if (i == copy->source)
			continue;
		count_write(set, copy->region->key, 1);
		legs_write(&set->mirror->legs, set->kernel->node, set->leg_order[i], piece->block,
			   (uint32_t)value, piece_written, piece);
	}
}

static void piece_read(void *context, uint32_t leg, int error, uint32_t value)
{
	struct copy_piece *piece = context;
	struct world *world = piece->copy->set->kernel->world;

	(void)leg;
	if (error) {
		piece->copy->read_failed = true;
		end_piece(piece);
		return;
	}
	/* kcopyd waits for its turn, longer where it is throttled. */
	if (world->settings.copy_pause_us)
		clock_after(&world->clock,
			    random_delay(&world->random_io, world->settings.copy_pause_us),
			    write_piece, piece, value);
	else
		write_piece(piece, value);
}

void mirror_set_recover(struct mirror_set *set, struct region *region)
{
	struct arena *arena = &set->kernel->world->arena;
	struct copy *copy = arena_new(arena, sizeof(*copy));

	*copy = (struct copy){.set = set,
			      .region = region,
			      .source = set->default_mirror,
			      .pieces_left = BLOCKS_PER_REGION};
	for (uint32_t i = 0; i < BLOCKS_PER_REGION; i++) {
		struct copy_piece *piece = arena_new(arena, sizeof(*piece));

		piece->copy = copy;
		piece->block = region->key * BLOCKS_PER_REGION + i;
		legs_read(&set->mirror->legs, set->kernel->node, set->leg_order[copy->source],
			  piece->block, piece_read, piece);
	}
}
