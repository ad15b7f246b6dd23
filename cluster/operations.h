/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ordered operations inside the engine. */
#ifndef CLOGD_CLUSTER_OPERATIONS_H
#define CLOGD_CLUSTER_OPERATIONS_H

#include <stddef.h>
#include <stdint.h>

struct engine;
struct locallog;

/*
 * One ordered message of operations. -EBADMSG when an operation cannot be read:
 * those before it are applied, as on every other node.
 */
int operations_apply(struct engine *engine, uint32_t origin, const void *bytes, size_t size);
/* What may go on after a change of the state of that log. */
void operations_follow(struct engine *engine, struct locallog *log);

#endif
