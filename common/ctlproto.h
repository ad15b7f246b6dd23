/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What clogctl and clogd say to each other, in the messages of libqb's IPC.
 *
 * One request, one reply. A reply that does not fit a message comes in pieces:
 * the client asks for each next one, so a slow client holds up nobody.
 */
#ifndef CLOGD_COMMON_CTLPROTO_H
#define CLOGD_COMMON_CTLPROTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/bytes.h"

#define CTL_SERVICE     "clogd"
#define CTL_MESSAGE_MAX (64U * 1024) /* bytes, libqb's header included */
#define CTL_CHUNK_MAX   (60U * 1024) /* text in one reply */
#define CTL_LINE_SIZE   256          /* with NUL */

/* The exit status of clogctl, and of each reply. */
enum ctl_status {
	CTL_FINE = 0,
	CTL_ATTENTION = 1, /* something needs attention, or the verb failed */
	CTL_USAGE = 2,     /* not understood, or no daemon */
};

enum ctl_request_kind {
	CTL_RUN = 1,  /* do what the line says */
	CTL_NEXT = 2, /* the next piece of the reply */
};

struct ctl_request {
	enum ctl_request_kind kind;
	char line[CTL_LINE_SIZE]; /* RUN: the verb and its words, blanks between; "" for NEXT */
};

struct ctl_reply {
	enum ctl_status status;
	bool more;        /* pieces follow */
	const char *text; /* this piece: not NUL-terminated; borrowed */
	size_t text_size; /* at most CTL_CHUNK_MAX */
};

/* Both append to the buffer. */
void ctl_request_encode(const struct ctl_request *request, struct bytes_buffer *buffer);
void ctl_reply_encode(const struct ctl_reply *reply, struct bytes_buffer *buffer);

/* 0, -EPROTO for another version of this protocol, or -EBADMSG. The reply's text points into `bytes`. */
int ctl_request_decode(const void *bytes, size_t size, struct ctl_request *request);
int ctl_reply_decode(const void *bytes, size_t size, struct ctl_reply *reply);

#endif
