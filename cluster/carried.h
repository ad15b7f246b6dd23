/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Marks of this node's kernel that only the state knows, when the state is replaced. */
#ifndef CLOGD_CLUSTER_CARRIED_H
#define CLOGD_CLUSTER_CARRIED_H

struct engine;

void carried_take(struct engine *engine); /* from the state that is given up */
void carried_say(struct engine *engine);  /* to those that have the new one */
void carried_free(struct engine *engine);

#endif
