/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A hash table with linear probing. Removing closes the gap, so there are no tombstones. */
#include "cluster/heldset.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/regionset.h"

#define CAPACITY_FIRST 16

static size_t home_of(const struct heldset *set, uint32_t value)
{
	return (value * 2654435769U >> 7) & (set->capacity - 1);
}

static size_t next_of(const struct heldset *set, size_t slot)
{
	return (slot + 1) & (set->capacity - 1);
}

/* Where the value is, or the free slot where it would be. */
static size_t slot_of(const struct heldset *set, uint32_t value)
{
	size_t slot = home_of(set, value);

	while (set->slots[slot] != 0 && set->slots[slot] != value)
		slot = next_of(set, slot);
	return slot;
}

void heldset_free(struct heldset *set)
{
	free(set->slots);
	*set = (struct heldset){0};
}

static void grow(struct heldset *set)
{
	struct heldset old = *set;

	set->capacity = old.capacity ? 2 * old.capacity : CAPACITY_FIRST;
	set->slots = memory_new(set->capacity, sizeof(*set->slots));
	for (size_t i = 0; i < old.capacity; i++)
		if (old.slots[i] != 0)
			set->slots[slot_of(set, old.slots[i])] = old.slots[i];
	free(old.slots);
}

bool heldset_add(struct heldset *set, uint32_t region)
{
	size_t slot;

	if (4 * (set->count + 1) > 3 * set->capacity)
		grow(set);
	slot = slot_of(set, region + 1);
	if (set->slots[slot] != 0)
		return false;
	set->slots[slot] = region + 1;
	set->count++;
	return true;
}

/* What stands behind the gap and was pushed over it goes into it. */
static void close_gap(struct heldset *set, size_t gap)
{
	for (size_t slot = next_of(set, gap); set->slots[slot] != 0; slot = next_of(set, slot)) {
		size_t pushed = (slot - home_of(set, set->slots[slot])) & (set->capacity - 1);
		size_t distance = (slot - gap) & (set->capacity - 1);

		if (pushed < distance)
			continue;
		set->slots[gap] = set->slots[slot];
		gap = slot;
	}
	set->slots[gap] = 0;
}

bool heldset_remove(struct heldset *set, uint32_t region)
{
	size_t slot;

	if (!heldset_contains(set, region))
		return false;
	slot = slot_of(set, region + 1);
	close_gap(set, slot);
	set->count--;
	return true;
}

bool heldset_contains(const struct heldset *set, uint32_t region)
{
	return set->count > 0 && set->slots[slot_of(set, region + 1)] != 0;
}

void heldset_clear(struct heldset *set)
{
	if (set->count > 0)
		memset(set->slots, 0, set->capacity * sizeof(*set->slots));
	set->count = 0;
}

bool heldset_each(const struct heldset *set, size_t *at, uint32_t *region)
{
	while (*at < set->capacity) {
		uint32_t value = set->slots[(*at)++];

		if (value != 0) {
			*region = value - 1;
			return true;
		}
	}
	return false;
}

void heldset_collect(const struct heldset *set, struct regionset *into)
{
	size_t at = 0;
	uint32_t region;

	while (heldset_each(set, &at, &region))
		regionset_add(into, region);
}
