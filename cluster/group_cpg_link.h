/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One connection to Corosync: a CPG handle that has joined its group and a
 * quorum handle that tracks. Corosync may hang, or be about to start, and each
 * step waits for its answer: so an attempt runs in a thread of its own, and the
 * link is handed over whole, or with what failed.
 */
#ifndef CLOGD_CLUSTER_GROUP_CPG_LINK_H
#define CLOGD_CLUSTER_GROUP_CPG_LINK_H

#include <corosync/corotypes.h>
#include <corosync/cpg.h>
#include <corosync/quorum.h>
#include <stdbool.h>
#include <stdint.h>

/* What to connect with. */
struct cpg_link_request {
	struct cpg_name name;
	cpg_model_v1_data_t cpg_model;
	quorum_model_v1_data_t quorum_model;
	void *context; /* of both handles, whose callbacks run only where they are dispatched */
	uint32_t expected_node; /* 0: any */
};

struct cpg_link {
	struct cpg_link_request request;
	cpg_handle_t cpg;
	quorum_handle_t quorum;
	bool has_cpg;
	bool has_quorum;
	int cpg_descriptor;
	int quorum_descriptor;
	uint32_t node;
	int report;              /* the thread's end of the socket pair */
	const char *failed_call; /* a literal, or NULL: the link is up */
	cs_error_t error;
};

/* Starts an attempt. Returns a descriptor that becomes readable at its end, or a negative errno. */
int cpg_link_start(const struct cpg_link_request *request);
/* The outcome, once the descriptor is readable; NULL when there is none. Closes the descriptor. */
struct cpg_link *cpg_link_finish(int attempt);
/* Finalizes both handles. */
void cpg_link_free(struct cpg_link *link);

#endif
