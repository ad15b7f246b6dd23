/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests and answers through the ring in which the daemon waits. */
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "daemons/clogd/netlink_internal.h"
#include "daemons/clogd/waitring.h"

#define ANSWERS_MAX (WAITRING_JOBS_MAX - 2)

/* Each begins with its job, which is what the ring gives back. */
struct request_slot {
	struct waitring_job job;
	struct netlink *netlink;
};

struct answer_slot {
	struct waitring_job job;
	struct netlink *netlink;
	size_t size;
	_Alignas(NLMSG_ALIGNTO) uint8_t bytes[NETLINK_REPLY_BYTES_MAX];
};

struct netlink_ring {
	struct waitring *ring;
	bool stopping;
	struct request_slot request;
	struct answer_slot answers[ANSWERS_MAX];
	size_t next; /* where to look for a free one first */
};

static void receive(struct netlink *netlink)
{
	struct msghdr *header = &netlink->messages[0].msg_hdr;

	header->msg_namelen = sizeof(netlink->senders[0]);
	waitring_receive(netlink->ring->ring, &netlink->ring->request.job, netlink->descriptor,
			 header);
}

static void received(struct waitring_job *job, int result)
{
	struct netlink *netlink = ((struct request_slot *)job)->netlink;

	if (result >= 0) {
		netlink->messages[0].msg_len = (unsigned)result;
		netlink_handle_message(netlink, &netlink->messages[0]);
		netlink->settings.taken(netlink->settings.context);
	} else if (!netlink->ring->stopping) {
		netlink_handle_receive_error(netlink, -result);
	}
	if (!netlink->ring->stopping)
		receive(netlink);
}

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
	ring->request = (struct request_slot){.job.done = received, .netlink = netlink};
	for (size_t i = 0; i < ANSWERS_MAX; i++) {
		ring->answers[i].job.done = sent;
		ring->answers[i].netlink = netlink;
	}
	netlink->ring = ring;
	receive(netlink);
	waitring_flush(ring->ring);
}

void netlink_ring_stop(struct netlink *netlink)
{
	struct netlink_ring *ring = netlink->ring;

	ring->stopping = true;
	waitring_cancel(ring->ring, &ring->request.job);
	for (size_t i = 0; i < ANSWERS_MAX; i++)
		waitring_cancel(ring->ring, &ring->answers[i].job);
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
