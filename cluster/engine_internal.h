/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the parts of the engine share: the node, its connections, and its logs
 * (locallog.h). Private to what engine.h hides.
 */
#ifndef CLOGD_CLUSTER_ENGINE_INTERNAL_H
#define CLOGD_CLUSTER_ENGINE_INTERNAL_H

#include "cluster/engine.h"
#include "cluster/locallog.h"
#include "cluster/membership.h"
#include "cluster/nodelist.h"
#include "cluster/outbox.h"
#include "cluster/replica.h"

struct carried;   /* carried.c */
struct oneleg;    /* oneleg.c */
struct peers;     /* who is attached to a log; peers.c */
struct disk_wait; /* a job that is out; logdisk.c */

struct engine {
	struct engine_settings settings;
	struct engine_ports ports;
	uint64_t now_ms;
	uint64_t delivered_ms;    /* when operations were last delivered */
	bool slept;               /* and nothing that was sent since has come back */
	unsigned int sent_before; /* messages that were on their way when it woke */
	struct replica *replica;
	struct membership *membership;
	struct outbox *outbox;
	bool send_refused;
	enum quorum quorum;      /* as far as it can be relied on; rivals.h */
	enum quorum quorum_said; /* by Corosync */
	uint64_t quorum_ring;
	struct nodelist heard; /* named by quorum since they were last fenced; rivals.c */
	struct nodelist
		departed; /* their daemons were seen to end, and they did not come again since */
	bool quorum_loss_said;
	uint32_t cluster_nodes[VIEW_NODES_MAX];
	size_t cluster_node_count;
	struct locallog *logs;   /* ascending by uuid */
	struct locallog **index; /* by hash of the uuid; chains of `same_hash` */
	size_t index_size, log_count;
	uint64_t logs_deadline_ms; /* deadline.c: the logs', as of the last input */
	const struct locallog *touched;
	bool touched_all;
	struct disk_wait *jobs;
	struct peers *peers;
	struct oneleg *oneleg;
	struct carried *
		carried; /* own marks of an earlier daemon, over a change of the state; carried.c */
	struct nodelist met; /* nodes on which a clogd was ever seen */
	uint64_t last_job;
	uint64_t housekeeping_ms, wake_kernels_ms;
	bool quiescing;
	bool ended;     /* requests go back to the kernel */
	bool held_seen; /* some request waits for a state */
	uint64_t malformed_messages;
};

/* engine.c */
bool engine_is_frozen(const struct engine *engine);
bool engine_sees(const struct engine *engine, uint32_t node); /* a node of the cluster */
void engine_report(struct engine *engine, enum report_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void engine_send(struct engine *engine, struct locallog *log,
		 struct wire_op *op); /* fills uuid; frees the op */
struct regionlog *engine_state(const struct engine *engine, const struct locallog *log);
struct regionlog_node *engine_own_node(const struct engine *engine, const struct locallog *log);
const char *engine_short(const char *uuid); /* the tail by which people know a log */

/* engine_membership.c */
struct membership_ports engine_membership_ports(struct engine *engine);

#endif
