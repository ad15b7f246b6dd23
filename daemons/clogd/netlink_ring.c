/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers through the ring in which the daemon waits. */
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "daemons/clogd/netlink_internal.h"
#include "daemons/clogd/waitring.h"

#define ANSWERS_MAX WAITRING_JOBS_MAX

/* It begins with its job, which is what the ring gives back. */
struct answer_slot {
	struct waitring_job job;
	struct netlink *netlink;
	size_t size;
	_Alignas(NLMSG_ALIGNTO) uint8_t bytes[NETLINK_REPLY_BYTES_MAX];
};

struct netlink_ring {
	struct waitring *ring;
	bool stopping;
	struct answer_slot answers[ANSWERS_MAX];
	size_t next; /* where to look for a free one first */
};

static void sent(struct waitring_job *job, int result)
{
	struct answer_slot *slot = (struct answer_slot *)job;

	if (result == (int)slot->size)
		slot->netlink->counters.replies++;
	else
		netlink_send_now(slot->netlink, slot->bytes, slot->size);
}

void netlink_ring_start(struct netlink *netlink)
{
	struct netlink_ring *ring = memory_new(1, sizeof(*ring));

	ring->ring = netlink->settings.ring;
	for (size_t i = 0; i < ANSWERS_MAX; i++) {
		ring->answers[i].job.done = sent;
		ring->answers[i].netlink = netlink;
	}
	netlink->ring = ring;
}

void netlink_ring_stop(struct netlink *netlink)
{
	struct netlink_ring *ring = netlink->ring;

	ring->stopping = true;
	for (size_t i = 0; i < ANSWERS_MAX; i++)
		waitring_finish(ring->ring, &ring->answers[i].job);
	netlink->ring = NULL;
	free(ring);
}

bool netlink_ring_send(struct netlink *netlink, const void *bytes, size_t size)
{
	struct netlink_ring *ring = netlink->ring;
	struct answer_slot *slot = &ring->answers[ring->next];

	if (ring->stopping || slot->job.out || !waitring_is_dispatching(ring->ring))
		return false;
	ring->next = (ring->next + 1) % ANSWERS_MAX;
	slot->size = size;
	memcpy(slot->bytes, bytes, size);
	waitring_send(ring->ring, &slot->job, netlink->descriptor, slot->bytes, size);
	return true;
}
