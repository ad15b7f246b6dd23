/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The transport of a node without a cluster: a view that holds this node,
 * quorum, and each message back to its sender in order, at the next dispatch.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "cluster/group_ops.h"
#include "common/memory.h"

struct message {
	struct message *next;
	size_t size;
	uint8_t bytes[];
};

struct group_alone {
	struct group group;
	struct group_callbacks callbacks;
	uint32_t node;
	int wake; /* an eventfd, readable while there is something to deliver */
	bool joined;
	struct message *first;
	struct message **last;
};

static struct group_alone *alone_of(const struct group *group)
{
	return (struct group_alone *)group;
}

static void wake(struct group_alone *alone)
{
	/* Fails only when the counter is full, and then it is readable anyway. */
	(void)eventfd_write(alone->wake, 1);
}

static void join(struct group_alone *alone)
{
	struct view view = {
		.members = {alone->node},
		.member_count = 1,
		.changes = {{.node = alone->node, .change = VIEW_JOINED}},
		.change_count = 1,
	};

	alone->joined = true;
	alone->callbacks.view(alone->callbacks.context, &view);
	alone->callbacks.quorum(alone->callbacks.context, QUORUM_YES, 1, &alone->node, 1);
}

static void alone_dispatch(struct group *group)
{
	struct group_alone *alone = alone_of(group);
	struct message *message;
	eventfd_t ignored;

	(void)eventfd_read(alone->wake, &ignored);
	if (!alone->joined)
		join(alone);
	/* What the callbacks send waits for the next dispatch. */
	message = alone->first;
	alone->first = NULL;
	alone->last = &alone->first;
	while (message) {
		struct message *next = message->next;

		alone->callbacks.message(alone->callbacks.context, alone->node, message->bytes,
					 message->size);
		free(message);
		message = next;
	}
}

static int alone_send(struct group *group, const void *bytes, size_t size)
{
	struct group_alone *alone = alone_of(group);
	struct message *message = memory_new(1, sizeof(*message) + size);

	message->size = size;
	if (size)
		memcpy(message->bytes, bytes, size);
	if (!alone->first)
		wake(alone);
	*alone->last = message;
	alone->last = &message->next;
	return 0;
}

static int alone_descriptor(const struct group *group)
{
	return alone_of(group)->wake;
}

static uint32_t alone_node(const struct group *group)
{
	return alone_of(group)->node;
}

static void alone_free(struct group *group)
{
	struct group_alone *alone = alone_of(group);

	while (alone->first) {
		struct message *message = alone->first;

		alone->first = message->next;
		free(message);
	}
	close(alone->wake);
	free(alone);
}

static const struct group_ops alone_ops = {
	.descriptor = alone_descriptor,
	.dispatch = alone_dispatch,
	.node = alone_node,
	.send = alone_send,
	.free = alone_free,
};

struct group *group_alone_new(uint32_t node, const struct group_callbacks *callbacks)
{
	struct group_alone *alone = memory_new(1, sizeof(*alone));

	assert(node != 0);
	alone->group.ops = &alone_ops;
	alone->callbacks = *callbacks;
	alone->node = node;
	alone->last = &alone->first;
	alone->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (alone->wake < 0) {
		free(alone);
		return NULL;
	}
	wake(alone);
	return &alone->group;
}
