/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Regions that this node's kernel writes to one leg only, kept over the daemon's death. */
#ifndef CLOGD_CLUSTER_ONELEG_H
#define CLOGD_CLUSTER_ONELEG_H

#include <stdbool.h>
#include <stdint.h>

struct engine;
struct instance;
struct locallog;

void oneleg_changed(struct engine *engine, const char *uuid);
void oneleg_take(struct engine *engine, const char *uuid,
		 struct instance *instance); /* its kernel reconnects */
/* What the state has was written under another table, not this one's region hash. */
bool oneleg_is_of_another(struct engine *engine, const struct locallog *log,
			  const struct instance *instance);
/* The state has what the live table knows nothing of: it was written under one that is gone. */
bool oneleg_is_stale(const struct engine *engine, const struct locallog *log);
/* This table is the one that is live: what is kept of another is of one that is gone. */
void oneleg_outlived(struct engine *engine, const char *uuid, const struct instance *live);
/* The device is. */
void oneleg_gone(struct engine *engine, const char *uuid);
/* That table is, unheard of but for an earlier daemon. */
void oneleg_destroyed(struct engine *engine, const char *uuid, uint64_t luid);
void oneleg_free(struct engine *engine);

#endif
