/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The transport over Corosync: CPG for messages and views, libquorum for
 * quorum. Nothing outside group_cpg*.c knows Corosync.
 */
#include <errno.h>
#include <qb/qblog.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "cluster/group_cpg_link.h"
#include "cluster/group_members.h"
#include "cluster/group_ops.h"
#include "cluster/group_quorum.h"
#include "common/memory.h"

#define EVENTS_PER_DISPATCH 64
#define RECONNECT_SECONDS   1

struct group_cpg {
	struct group group;
	struct group_callbacks callbacks;
	struct cpg_link_request request;
	uint32_t node;
	int poll;
	int timer;
	int attempt;              /* of cpg_link_start(), or -1 */
	struct cpg_link *link;    /* NULL while not connected */
	bool broken;              /* the link failed; dispatch takes it down */
	const char *last_trouble; /* said once, not each second */

	struct group_members members;
	bool joined;
	struct group_quorum quorum;
};

static struct group_cpg *cpg_of(const struct group *group)
{
	return (struct group_cpg *)group;
}

/* --- connecting and disconnecting, in the loop --- */

static void watch(struct group_cpg *group, int descriptor)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = descriptor};

	if (epoll_ctl(group->poll, EPOLL_CTL_ADD, descriptor, &event))
		group->broken = true;
}

static void set_timer(struct group_cpg *group, time_t seconds, long nanoseconds)
{
	struct itimerspec when = {.it_value = {.tv_sec = seconds, .tv_nsec = nanoseconds}};

	(void)timerfd_settime(group->timer, 0, &when, NULL);
}

static void start_attempt(struct group_cpg *group)
{
	group->request.expected_node = group->node;
	group->attempt = cpg_link_start(&group->request);
	if (group->attempt < 0)
		set_timer(group, RECONNECT_SECONDS, 0);
	else
		watch(group, group->attempt);
}

static void say_trouble(struct group_cpg *group, const struct cpg_link *link)
{
	if (group->last_trouble == link->failed_call)
		return;
	group->last_trouble = link->failed_call;
	qb_log(LOG_WARNING, "no cluster yet: %s: %s; trying again each second", link->failed_call,
	       cs_strerror(link->error));
}

static void finish_attempt(struct group_cpg *group)
{
	struct cpg_link *link = cpg_link_finish(group->attempt); /* and out of the epoll set */

	group->attempt = -1;
	if (!link || link->failed_call) {
		if (link) {
			say_trouble(group, link);
			cpg_link_free(link);
		}
		set_timer(group, RECONNECT_SECONDS, 0);
		return;
	}
	group->last_trouble = NULL;
	group->node = link->node;
	group->link = link;
	watch(group, link->cpg_descriptor);
	watch(group, link->quorum_descriptor);
	qb_log(LOG_INFO, "connected to Corosync as node %u", group->node);
}

static void forget_cluster(struct group_cpg *group)
{
	group->broken = false;
	group->joined = false;
	group->members.count = 0;
	group_quorum_reset(&group->quorum);
}

static void drop_link(struct group_cpg *group)
{
	struct cpg_link *link = group->link;

	/* Left to finalize alone, a descriptor that Corosync's library keeps open would wake us for ever. */
	(void)epoll_ctl(group->poll, EPOLL_CTL_DEL, link->cpg_descriptor, NULL);
	(void)epoll_ctl(group->poll, EPOLL_CTL_DEL, link->quorum_descriptor, NULL);
	cpg_link_free(link);
	group->link = NULL;
}

static void disconnect(struct group_cpg *group)
{
	qb_log(LOG_WARNING, "the connection to Corosync is lost; trying again each second");
	drop_link(group);
	forget_cluster(group);
	set_timer(group, RECONNECT_SECONDS, 0);
	group->callbacks.disconnected(group->callbacks.context);
}

/* The next dispatch takes the link down. */
static void mark_broken(struct group_cpg *group)
{
	group->broken = true;
	set_timer(group, 0, 1);
}

/* --- Corosync's callbacks --- */

static struct group_cpg *group_of_cpg(cpg_handle_t handle)
{
	void *context = NULL;

	return cpg_context_get(handle, &context) == CS_OK ? context : NULL;
}

static void report_quorum(struct group_cpg *group)
{
	enum quorum quorum;

	if (group->joined && group_quorum_take(&group->quorum, &quorum))
		group->callbacks.quorum(group->callbacks.context, quorum,
					group->quorum.quorum_ring.seq, group->quorum.nodes,
					group->quorum.node_count);
}

static void deliver(cpg_handle_t handle, const struct cpg_name *name, uint32_t node, uint32_t pid,
		    void *bytes, size_t size)
{
	struct group_cpg *group = group_of_cpg(handle);

	(void)name;
	(void)pid;
	if (group && !group->broken)
		group->callbacks.message(group->callbacks.context, node, bytes, size);
}

static enum view_change change_of(uint32_t reason)
{
	switch (reason) {
	case CPG_REASON_LEAVE:
		return VIEW_LEFT;
	case CPG_REASON_PROCDOWN:
		return VIEW_PROCDOWN;
	default:
		return VIEW_NODEDOWN;
	}
}

/* Copies what fits, and returns the whole count, so that too many are seen as such. */
static size_t copy_members(struct group_member *out, const struct cpg_address *from, size_t count)
{
	for (size_t i = 0; i < count && i < GROUP_MEMBERS_MAX; i++)
		out[i] = (struct group_member){
			.node = from[i].nodeid,
			.pid = from[i].pid,
			.change = change_of(from[i].reason),
		};
	return count;
}

static bool ring_change_in(const struct cpg_address *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (list[i].reason == CPG_REASON_NODEDOWN || list[i].reason == CPG_REASON_NODEUP)
			return true;
	return false;
}

static void apply_confchg(struct group_cpg *group, const struct group_confchg *confchg)
{
	struct view view;

	switch (group_members_apply(&group->members, confchg, &view)) {
	case GROUP_MEMBERS_CHANGED:
		group->joined = true;
		group->callbacks.view(group->callbacks.context, &view);
		report_quorum(group);
		break;
	case GROUP_MEMBERS_SAME:
		break;
	case GROUP_MEMBERS_TOO_MANY:
		qb_log(LOG_ERR, "more than %d nodes run clogd: this one stays out", VIEW_NODES_MAX);
		mark_broken(group);
		break;
	}
}

static void confchg(cpg_handle_t handle, const struct cpg_name *name,
		    const struct cpg_address *members, size_t member_count,
		    const struct cpg_address *left, size_t left_count,
		    const struct cpg_address *joined, size_t joined_count)
{
	struct group_cpg *group = group_of_cpg(handle);
	struct group_member lists[3][GROUP_MEMBERS_MAX];
	struct group_confchg change = {
		.members = lists[0],
		.member_count = copy_members(lists[0], members, member_count),
		.left = lists[1],
		.left_count = copy_members(lists[1], left, left_count),
		.joined = lists[2],
		.joined_count = copy_members(lists[2], joined, joined_count),
		.with_ring = ring_change_in(joined, joined_count),
	};

	(void)name;
	if (!group || group->broken)
		return;
	if (ring_change_in(left, left_count) || ring_change_in(joined, joined_count)) {
		group_quorum_ring_changes(&group->quorum);
		report_quorum(group);
	}
	apply_confchg(group, &change);
}

/* The last word of a ring change: all its views were delivered. */
static void totem_confchg(cpg_handle_t handle, struct cpg_ring_id ring, uint32_t member_count,
			  const uint32_t *members)
{
	struct group_cpg *group = group_of_cpg(handle);

	(void)member_count;
	(void)members;
	if (!group || group->broken)
		return;
	group_quorum_ring_is(&group->quorum,
			     (struct group_ring){.node = ring.nodeid, .seq = ring.seq});
	report_quorum(group);
}

static void quorum_notify(quorum_handle_t handle, uint32_t quorate, struct quorum_ring_id ring,
			  uint32_t member_count, const uint32_t *members)
{
	const void *context = NULL;
	struct group_cpg *group;

	if (quorum_context_get(handle, &context) != CS_OK || !context)
		return;
	group = (struct group_cpg *)(uintptr_t)context;
	if (group->broken)
		return;
	group_quorum_said(&group->quorum, (struct group_ring){.node = ring.nodeid, .seq = ring.seq},
			  quorate != 0, members, member_count);
	report_quorum(group);
}

/* --- the group's calls --- */

/* How many events there were. */
static int dispatch_cpg(struct group_cpg *group)
{
	cs_error_t error = CS_OK;
	int count = 0;

	while (count < EVENTS_PER_DISPATCH && error == CS_OK && !group->broken) {
		error = cpg_dispatch(group->link->cpg, CS_DISPATCH_ONE_NONBLOCKING);
		count += error == CS_OK;
	}
	if (error != CS_OK && error != CS_ERR_TRY_AGAIN)
		group->broken = true;
	return count;
}

static void dispatch_quorum(struct group_cpg *group)
{
	cs_error_t error = quorum_dispatch(group->link->quorum, CS_DISPATCH_ALL);

	if (error != CS_OK && error != CS_ERR_TRY_AGAIN)
		group->broken = true;
}

static void dispatch_timer(struct group_cpg *group)
{
	uint64_t ticks;

	if (read(group->timer, &ticks, sizeof(ticks)) != sizeof(ticks))
		return;
	if (!group->link && group->attempt < 0)
		start_attempt(group);
}

static void dispatch_ready(struct group_cpg *group)
{
	struct epoll_event events[4];
	int count = epoll_wait(group->poll, events, 4, 0);

	for (int i = 0; i < count; i++) {
		int ready = events[i].data.fd;

		if (ready == group->timer)
			dispatch_timer(group);
		else if (ready == group->attempt)
			finish_attempt(group);
		else if (group->link && ready == group->link->cpg_descriptor && !group->broken)
			(void)dispatch_cpg(group);
		else if (group->link && ready == group->link->quorum_descriptor && !group->broken)
			dispatch_quorum(group);
	}
}

/* Most often a message is there: a look at what else is would only delay it. */
static void cpg_group_dispatch(struct group *base)
{
	struct group_cpg *group = cpg_of(base);

	if (!group->link || group->broken || dispatch_cpg(group) == 0)
		dispatch_ready(group);
	if (group->broken && group->link)
		disconnect(group);
}

static int cpg_group_send(struct group *base, const void *bytes, size_t size)
{
	struct group_cpg *group = cpg_of(base);
	struct iovec vector = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = size};

	if (!group->joined || group->broken)
		return -ENOTCONN;
	switch (cpg_mcast_joined(group->link->cpg, CPG_TYPE_AGREED, &vector, 1)) {
	case CS_OK:
		return 0;
	case CS_ERR_TRY_AGAIN:
	case CS_ERR_QUEUE_FULL:
	case CS_ERR_NO_MEMORY:
	case CS_ERR_NO_RESOURCES:
	case CS_ERR_BUSY:
	case CS_ERR_TIMEOUT:
	case CS_ERR_INTERRUPT:
		return -EAGAIN;
	case CS_ERR_TOO_BIG:
	case CS_ERR_INVALID_PARAM:
		return -EMSGSIZE;
	default:
		mark_broken(group);
		return -ENOTCONN;
	}
}

static int cpg_group_descriptor(const struct group *base)
{
	return cpg_of(base)->poll;
}

static uint32_t cpg_group_node(const struct group *base)
{
	return cpg_of(base)->node;
}

static void cpg_group_free(struct group *base)
{
	struct group_cpg *group = cpg_of(base);

	if (group->link) {
		if (group->joined && !group->broken)
			(void)cpg_leave(group->link->cpg, &group->request.name);
		drop_link(group);
	}
	if (group->attempt >= 0)
		close(group->attempt);
	if (group->timer >= 0)
		close(group->timer);
	if (group->poll >= 0)
		close(group->poll);
	free(group);
}

static const struct group_ops cpg_ops = {
	.descriptor = cpg_group_descriptor,
	.dispatch = cpg_group_dispatch,
	.node = cpg_group_node,
	.send = cpg_group_send,
	.free = cpg_group_free,
};

static void init_request(struct group_cpg *group, const char *group_name)
{
	struct cpg_link_request *request = &group->request;

	request->name.length = (uint32_t)strnlen(group_name, CPG_MAX_NAME_LENGTH - 1);
	memcpy(request->name.value, group_name, request->name.length);
	request->cpg_model = (cpg_model_v1_data_t){
		.model = CPG_MODEL_V1,
		.cpg_deliver_fn = deliver,
		.cpg_confchg_fn = confchg,
		.cpg_totem_confchg_fn = totem_confchg,
		.flags = CPG_MODEL_V1_DELIVER_INITIAL_TOTEM_CONF,
	};
	request->quorum_model = (quorum_model_v1_data_t){
		.model = QUORUM_MODEL_V1,
		.quorum_notify_fn = quorum_notify,
	};
	request->context = group;
}

struct group *group_cpg_new(const char *group_name, const struct group_callbacks *callbacks)
{
	struct group_cpg *group = memory_new(1, sizeof(*group));

	group->group.ops = &cpg_ops;
	group->callbacks = *callbacks;
	init_request(group, group_name);
	group->attempt = -1;
	group->poll = epoll_create1(EPOLL_CLOEXEC);
	group->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (group->poll >= 0 && group->timer >= 0)
		watch(group, group->timer);
	else
		group->broken = true;
	if (group->broken) {
		int error = errno;

		cpg_group_free(&group->group);
		errno = error;
		return NULL;
	}
	start_attempt(group);
	return &group->group;
}
