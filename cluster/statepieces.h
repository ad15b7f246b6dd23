/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A state that is too big for its ATTACH is ordered before it. */
#ifndef CLOGD_CLUSTER_STATEPIECES_H
#define CLOGD_CLUSTER_STATEPIECES_H

#include <stdbool.h>

struct engine;
struct locallog;
struct wire_op;

void statepieces_reset(struct locallog *log); /* nothing was read, nothing was sent */
/* True: pieces of what was loaded are on their way, attachment_loaded is called again behind the last. */
bool statepieces_begin(struct engine *engine, struct locallog *log);
/* An own piece was ordered. `log` may be NULL: it is gone meanwhile. */
void statepieces_ordered(struct engine *engine, struct locallog *log, const struct wire_op *op,
			 bool refused);
/* Another node's draft may have come to its end. */
void statepieces_follow(struct engine *engine, struct locallog *log);

#endif
