/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's side: the connector socket on which dm-log-userspace asks and is
 * answered. Datagrams of the kernel only; each is decoded and either handed on
 * or refused here. Requests get lost when the socket's buffer is full: that is
 * counted, and the kernel asks again after 15 seconds.
 */
#ifndef CLOGD_DAEMONS_NETLINK_H
#define CLOGD_DAEMONS_NETLINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ulog.h"

struct netlink;

/*
 * A request occupies up to about 2.5 KiB of the buffer, so this holds some
 * thousands: several threads of each of a thousand mirrors, all waiting while
 * the daemon is held up.
 */
#define NETLINK_BUFFER_DEFAULT (8U * 1024 * 1024)

struct netlink_settings {
	uint32_t buffer_bytes;
	bool realtime; /* the thread has process_hurry() */
	void *context;
	/* In a thread of its own, which has the turn (turn.h). */
	void (*request)(void *context, const struct ulog_request *request);
};

struct netlink_counters {
	uint64_t requests;     /* good ones */
	uint64_t constructors; /* of these, CTR: one for each table, and for each reconnect */
	uint64_t malformed;
	uint64_t foreign;  /* not from the kernel, or not about logs */
	uint64_t overruns; /* times the kernel said that requests were lost */
	uint64_t replies;
	uint64_t replies_lost; /* the kernel had no memory for them */
};

/*
 * Whether the kernel could be served, without serving it yet: 0, -EPERM without
 * CAP_NET_ADMIN and CAP_SYS_ADMIN, -EPROTONOSUPPORT when the kernel has no
 * connector, other negative errnos.
 */
int netlink_probe(void);
/* Sets *netlink, or returns as netlink_probe(). From here on the kernel finds a log server, and requests come. */
int netlink_open(const struct netlink_settings *settings, struct netlink **netlink);
/* The kernel finds no log server any more; what it has sent is still answered. */
void netlink_stop_listening(struct netlink *netlink);
/* Ends the thread; what is left comes from netlink_drain(). Not while the caller has the turn. */
void netlink_stop(struct netlink *netlink);
/* After netlink_stop(): takes what has come, in the caller's thread, which has the turn. */
void netlink_drain(struct netlink *netlink);
void netlink_close(struct netlink *netlink); /* after netlink_stop(); NULL is allowed */

/* Answers the kernel. By whoever has the turn. */
void netlink_reply(struct netlink *netlink, const struct ulog_reply *reply);
const struct netlink_counters *netlink_counters(const struct netlink *netlink);

#endif
