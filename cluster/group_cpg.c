/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The transport over Corosync: CPG for messages and views, libquorum for
 * quorum. Nothing outside group_cpg*.c knows Corosync. Here are the connection
 * and the group's calls.
 */
#include <errno.h>
#include <qb/qblog.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "cluster/group_cpg_internal.h"
#include "common/memory.h"

#define EVENTS_PER_DISPATCH 64
#define RECONNECT_SECONDS   1

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

void group_cpg_mark_broken(struct group_cpg *group)
{
	group->broken = true;
	set_timer(group, 0, 1);
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
		group_cpg_mark_broken(group);
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
	group_cpg_set_events(request);
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
