/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the two ways of an answer to the connector: a system call (netlink.c), and a ring (netlink_ring.c). */
#ifndef CLOGD_DAEMONS_NETLINK_INTERNAL_H
#define CLOGD_DAEMONS_NETLINK_INTERNAL_H

#include <linux/connector.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include "daemons/clogd/log.h"
#include "daemons/clogd/lookahead.h"
#include "daemons/clogd/netlink.h"

struct mnl_socket;

#define NETLINK_BATCH         32
#define NETLINK_MESSAGE_BYTES 1024 /* the kernel's largest is 528 */
#define NETLINK_REPLY_BYTES_MAX \
	(NLMSG_SPACE(sizeof(struct cn_msg)) + ULOG_REQUEST_BYTES + ULOG_REPLY_DATA_MAX)

struct netlink_ring; /* netlink_ring.c */

struct netlink {
	struct mnl_socket *socket;
	int descriptor;
	struct netlink_settings settings;
	struct netlink_counters counters;
	struct lookahead lookahead;
	struct netlink_ring *ring; /* NULL: not used */
	struct log_limit malformed_limit;
	struct log_limit overrun_limit;
	struct log_limit send_limit;

	/* Set up once; recvmmsg fills them. */
	struct mmsghdr messages[NETLINK_BATCH];
	struct iovec vectors[NETLINK_BATCH];
	struct sockaddr_nl senders[NETLINK_BATCH];
	_Alignas(NLMSG_ALIGNTO) uint8_t bytes[NETLINK_BATCH][NETLINK_MESSAGE_BYTES];
	_Alignas(NLMSG_ALIGNTO) uint8_t reply[NETLINK_REPLY_BYTES_MAX];
};

/* netlink.c */
void netlink_send_now(struct netlink *netlink, const void *bytes, size_t size);

/* netlink_ring.c */
void netlink_ring_start(struct netlink *netlink);
void netlink_ring_stop(struct netlink *netlink);
/* False: it has no room, or its next wait is not near. The bytes are copied. */
bool netlink_ring_send(struct netlink *netlink, const void *bytes, size_t size);

#endif
