/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bad moments: most harm is done between two steps that are microseconds apart. */
#ifndef CLOGD_SIM_MOMENTS_H
#define CLOGD_SIM_MOMENTS_H

#include <stdbool.h>

struct node;
struct world;

/* A write of this node is on one leg and not yet on another. */
bool moment_is_torn(const struct node *node);
/* Some node has delivered a message that another has not. */
bool moment_is_uneven(const struct world *world);
/* The node's daemon has something under way: at its disk, to the others, or from the kernel. */
bool moment_is_busy(const struct node *node);

enum moment { MOMENT_ANY, MOMENT_TORN, MOMENT_UNEVEN, MOMENT_BUSY };

/* Calls act(node) at such a moment, or a few seconds later when there is none. `node` may be NULL for UNEVEN. */
void moment_wait(struct world *world, struct node *node, enum moment moment,
		 void (*act)(struct world *world, struct node *node));

#endif
