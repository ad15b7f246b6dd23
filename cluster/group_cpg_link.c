/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cluster/group_cpg_link.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/memory.h"

void cpg_link_free(struct cpg_link *link)
{
	if (link->has_quorum)
		(void)quorum_finalize(link->quorum);
	if (link->has_cpg)
		(void)cpg_finalize(link->cpg);
	free(link);
}

static bool did(struct cpg_link *link, cs_error_t error, const char *call)
{
	link->error = error;
	link->failed_call = error == CS_OK ? NULL : call;
	return error == CS_OK;
}

static bool connect_cpg(struct cpg_link *link)
{
	cs_error_t error = cpg_model_initialize(&link->cpg, CPG_MODEL_V1,
						(cpg_model_data_t *)&link->request.cpg_model,
						link->request.context);

	if (!did(link, error, "connecting to Corosync's process groups"))
		return false;
	link->has_cpg = true;
	return did(link, cpg_fd_get(link->cpg, &link->cpg_descriptor), "cpg_fd_get") &&
	       did(link, cpg_local_get(link->cpg, &link->node), "cpg_local_get");
}

static bool connect_quorum(struct cpg_link *link)
{
	uint32_t type = QUORUM_FREE;
	cs_error_t error =
		quorum_model_initialize(&link->quorum, QUORUM_MODEL_V1,
					(quorum_model_data_t *)&link->request.quorum_model, &type,
					link->request.context);

	if (!did(link, error, "connecting to Corosync's quorum service"))
		return false;
	link->has_quorum = true;
	if (type != QUORUM_SET)
		return did(link, CS_ERR_NOT_SUPPORTED,
			   "quorum (corosync.conf wants quorum { provider: corosync_votequorum })");
	return did(link, quorum_fd_get(link->quorum, &link->quorum_descriptor), "quorum_fd_get") &&
	       did(link, quorum_trackstart(link->quorum, CS_TRACK_CHANGES | CS_TRACK_CURRENT),
		   "quorum_trackstart");
}

static bool join(struct cpg_link *link)
{
	uint32_t expected = link->request.expected_node;

	if (link->node == 0 || (expected && link->node != expected))
		return did(link, CS_ERR_INVALID_PARAM,
			   "this node's id in Corosync is 0 or has changed (restart clogd)");
	return did(link, cpg_join(link->cpg, &link->request.name), "cpg_join");
}

/* What goes through the socket pair. */
struct handover {
	struct cpg_link *link;
};

static void *attempt_run(void *argument)
{
	struct cpg_link *link = argument;
	struct handover handover = {link};
	int report = link->report;

	(void)(connect_cpg(link) && connect_quorum(link) && join(link));
	/* When nobody listens any more, the group was freed meanwhile. */
	if (send(report, &handover, sizeof(handover), MSG_NOSIGNAL) != sizeof(handover))
		cpg_link_free(link);
	close(report);
	return NULL;
}

static int start_thread(struct cpg_link *link)
{
	pthread_attr_t attributes;
	pthread_t thread;
	int error;

	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	error = pthread_create(&thread, &attributes, attempt_run, link);
	pthread_attr_destroy(&attributes);
	return -error;
}

int cpg_link_start(const struct cpg_link_request *request)
{
	struct cpg_link *link;
	int pair[2];
	int error;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -errno;
	link = memory_new(1, sizeof(*link));
	link->request = *request;
	link->report = pair[1];
	error = start_thread(link);
	if (error) {
		close(pair[0]);
		close(pair[1]);
		free(link);
		return error;
	}
	return pair[0];
}

struct cpg_link *cpg_link_finish(int attempt)
{
	struct handover handover;
	ssize_t got = recv(attempt, &handover, sizeof(handover), MSG_DONTWAIT);

	close(attempt);
	return got == sizeof(handover) ? handover.link : NULL;
}
