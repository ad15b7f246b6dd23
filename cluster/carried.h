/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Marks of this node's kernel that only the state knows, when the state is replaced. */
#ifndef CLOGD_CLUSTER_CARRIED_H
#define CLOGD_CLUSTER_CARRIED_H

struct engine;
struct locallog;

void carried_take(struct engine *engine); /* from the state that is given up */
/* At the end of a log that is ordered: it may hold on this side of a parting only. */
void carried_end(struct engine *engine, struct locallog *log);
/* Such ends hold where there is quorum with a state that has heard of them. */
void carried_settle(struct engine *engine);
void carried_say(struct engine *engine); /* to those that have the new one */
void carried_free(struct engine *engine);

#endif
