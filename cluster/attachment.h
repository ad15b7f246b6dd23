/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RESUME, PRESUSPEND and POSTSUSPEND: a node uses a log; and coming back after a cut. */
#ifndef CLOGD_CLUSTER_ATTACHMENT_H
#define CLOGD_CLUSTER_ATTACHMENT_H

struct engine;
struct instance;
struct locallog;
struct replica_outcome;
struct ulog_request;
struct wire_op;

void attachment_resume(struct engine *engine, struct locallog *log, struct instance *instance,
		       const struct ulog_request *request);
void attachment_loaded(struct engine *engine, struct locallog *log);
/* What was read is no good: the resume that is under way begins anew. */
void attachment_again(struct engine *engine, struct locallog *log);
void attachment_attached(struct engine *engine, struct locallog *log, const struct wire_op *op,
			 const struct replica_outcome *outcome);
void attachment_presuspend(struct engine *engine, struct locallog *log, struct instance *instance,
			   const struct ulog_request *request);
void attachment_postsuspend(struct engine *engine, const struct ulog_request *request);
void attachment_detached(struct engine *engine, struct locallog *log);
/* Goes on with what waits: called after each event that may matter to it. */
void attachment_advance(struct engine *engine, struct locallog *log);
void attachment_rejoin(struct engine *engine, struct locallog *log);
/* Everybody has let the log go, or its state is in doubt: it starts from its device. */
void attachment_anew(struct engine *engine, struct locallog *log);

#endif
