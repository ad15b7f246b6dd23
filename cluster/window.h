/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The activity window: regions whose mark is kept after the kernel cleared
 * them, oldest first out. Fixed memory, no allocation after window_new.
 */
#ifndef CLOGD_CLUSTER_WINDOW_H
#define CLOGD_CLUSTER_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "common/regionset.h"

struct window;

struct window *window_new(uint32_t capacity); /* at least 1 */
void window_free(struct window *window);
/* Adds a region as the newest; it must not be in, and the window must not be full. */
void window_add(struct window *window, uint32_t region, uint64_t now_ms);
bool window_remove(struct window *window, uint32_t region);
bool window_contains(const struct window *window, uint32_t region);
bool window_is_full(const struct window *window);
uint32_t window_count(const struct window *window);
/* Adds all its regions to the set. */
void window_collect(const struct window *window, struct regionset *set);
/* The oldest region and when it came in; false when empty. */
bool window_oldest(const struct window *window, uint32_t *region, uint64_t *since_ms);

#endif
