/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which nodes are attached to this node's logs, kept in /run/clogd/attached for
 * the next daemon of this node: one small file a log. /run is memory, so a
 * reboot, which ends the kernel's marks, ends this too.
 */
#ifndef CLOGD_DAEMONS_ATTACHED_H
#define CLOGD_DAEMONS_ATTACHED_H

#include <stddef.h>
#include <stdint.h>

/* Count 0 removes the log's file. A failure is only logged: the next daemon then knows less. */
void attached_store(const char *uuid, const uint32_t *nodes, size_t count);

/*
 * Nodes on which a clogd was ever met: one number a line, in the file "nodes" of
 * $STATE_DIRECTORY (systemd's StateDirectory=); without it nothing is kept.
 */
void attached_store_met(const uint32_t *nodes, size_t count);
/* Returns how many, at most `capacity`. */
size_t attached_load_met(uint32_t *nodes, size_t capacity);

typedef void attached_fn(void *context, const char *uuid, const uint32_t *nodes, size_t count);
/* All that an earlier daemon stored; what cannot be read is left out. */
void attached_load(void *context, attached_fn *take);

#endif
