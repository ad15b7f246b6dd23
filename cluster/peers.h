/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who was attached to a log, kept over the daemon's death; and which nodes were ever met. */
#ifndef CLOGD_CLUSTER_PEERS_H
#define CLOGD_CLUSTER_PEERS_H

#include <stdint.h>

#include "cluster/view.h"

struct engine;

void peers_follow(struct engine *engine, const char *uuid); /* its nodes may have changed */
void peers_follow_all(struct engine *engine);
/* This node has the state: say what an earlier daemon knew. */
void peers_expect(struct engine *engine);
void peers_expected(struct engine *engine, const char *uuid); /* the cluster knows it now */
void peers_recall(struct engine *engine); /* the state in which it was said has come to nothing */
/* Nodes that run clogd or did, and may live: their kernels may hold marks. Returns how many. */
uint32_t peers_strangers(const struct engine *engine, uint32_t nodes[VIEW_NODES_MAX]);
void peers_meet(struct engine *engine);
void peers_fenced(struct engine *engine, uint32_t node); /* it has to be met again */
/* The device of that log is gone, so its kernel holds nothing. */
void peers_gone(struct engine *engine, const char *uuid);
void peers_free(struct engine *engine);

#endif
