/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control socket: libqb IPC on the daemon's loop, for root and one group.
 * Each request line is handed on; its answer may come at once or later, and is
 * then fetched by the client piece by piece.
 */
#ifndef CLOGD_DAEMONS_CTL_SERVER_H
#define CLOGD_DAEMONS_CTL_SERVER_H

#include <qb/qbloop.h>
#include <stdint.h>

#include "common/ctlproto.h"

struct ctl_server;

struct ctl_server_settings {
	qb_loop_t *loop;
	const char *group; /* whose members may ask, besides root; "root" or NULL: nobody */
	void *context;
	/* Has the turn (turn.h). Each call is answered once, by ctl_server_answer(), or never when the client goes. */
	void (*request)(void *context, uint64_t call, const char *line);
};

/* One server a process. NULL, with errno set; ENOENT: no such group. */
struct ctl_server *ctl_server_new(const struct ctl_server_settings *settings);
void ctl_server_free(struct ctl_server *server);

/* Takes `text` over: a string from malloc(3). A call whose client is gone is dropped. */
void ctl_server_answer(struct ctl_server *server, uint64_t call, enum ctl_status status,
		       char *text);

#endif
