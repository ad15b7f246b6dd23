/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Slots in a list by age, found through a hash of chains over the same slots. */
#include "cluster/window.h"

#include <assert.h>
#include <stdlib.h>

#include "common/memory.h"

#define NO_SLOT UINT32_MAX

struct slot {
	uint32_t region;
	uint32_t older, newer; /* in the list by age; `older` links the free ones */
	uint32_t chain;        /* next slot of the same bucket */
	uint64_t since_ms;
};

struct window {
	uint32_t capacity, count;
	uint32_t mask;
	uint32_t oldest, newest, free;
	uint32_t *buckets;
	struct slot slots[];
};

struct window *window_new(uint32_t capacity)
{
	struct window *window = memory_new(1, sizeof(*window) + capacity * sizeof(struct slot));
	uint32_t buckets = 1;

	while (buckets < 2 * capacity)
		buckets *= 2;
	window->capacity = capacity;
	window->mask = buckets - 1;
	window->buckets = memory_new(buckets, sizeof(uint32_t));
	for (uint32_t i = 0; i < buckets; i++)
		window->buckets[i] = NO_SLOT;
	window->oldest = window->newest = window->free = NO_SLOT;
	for (uint32_t i = 0; i < capacity; i++) {
		window->slots[i].older = window->free;
		window->free = i;
	}
	return window;
}

void window_free(struct window *window)
{
	if (!window)
		return;
	free(window->buckets);
	free(window);
}

static uint32_t *bucket_of(const struct window *window, uint32_t region)
{
	return &window->buckets[(region * 2654435769U >> 7) & window->mask];
}

static uint32_t find(const struct window *window, uint32_t region)
{
	uint32_t slot = *bucket_of(window, region);

	while (slot != NO_SLOT && window->slots[slot].region != region)
		slot = window->slots[slot].chain;
	return slot;
}

void window_add(struct window *window, uint32_t region, uint64_t now_ms)
{
	uint32_t index = window->free;
	uint32_t *bucket = bucket_of(window, region);
	struct slot *slot = &window->slots[index];

	assert(index != NO_SLOT && find(window, region) == NO_SLOT);
	window->free = slot->older;
	*slot = (struct slot){.region = region,
			      .older = window->newest,
			      .newer = NO_SLOT,
			      .chain = *bucket,
			      .since_ms = now_ms};
	*bucket = index;
	if (window->newest != NO_SLOT)
		window->slots[window->newest].newer = index;
	else
		window->oldest = index;
	window->newest = index;
	window->count++;
}

static void unchain(struct window *window, uint32_t index)
{
	uint32_t *at = bucket_of(window, window->slots[index].region);

	while (*at != index)
		at = &window->slots[*at].chain;
	*at = window->slots[index].chain;
}

bool window_remove(struct window *window, uint32_t region)
{
	uint32_t index = find(window, region);
	struct slot *slot;

	if (index == NO_SLOT)
		return false;
	unchain(window, index);
	slot = &window->slots[index];
	if (slot->older != NO_SLOT)
		window->slots[slot->older].newer = slot->newer;
	else
		window->oldest = slot->newer;
	if (slot->newer != NO_SLOT)
		window->slots[slot->newer].older = slot->older;
	else
		window->newest = slot->older;
	slot->older = window->free;
	window->free = index;
	window->count--;
	return true;
}

bool window_contains(const struct window *window, uint32_t region)
{
	return find(window, region) != NO_SLOT;
}

bool window_is_full(const struct window *window)
{
	return window->free == NO_SLOT;
}

uint32_t window_count(const struct window *window)
{
	return window->count;
}

void window_collect(const struct window *window, struct regionset *set)
{
	for (uint32_t slot = window->oldest; slot != NO_SLOT; slot = window->slots[slot].newer)
		(void)regionset_add(set, window->slots[slot].region);
}

bool window_oldest(const struct window *window, uint32_t *region, uint64_t *since_ms)
{
	if (window->oldest == NO_SLOT)
		return false;
	*region = window->slots[window->oldest].region;
	*since_ms = window->slots[window->oldest].since_ms;
	return true;
}
