/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What attachment.c (RESUME), attachment_suspend.c and attachment_rejoin.c (with the cluster again) share. */
#ifndef CLOGD_CLUSTER_ATTACHMENT_INTERNAL_H
#define CLOGD_CLUSTER_ATTACHMENT_INTERNAL_H

#include "cluster/attachment.h"
#include "cluster/engine_internal.h"

struct regionlog_attach attachment_shape_of(const struct instance *instance);
/* What this node may have written or copied since there was quorum, for the caller to own. */
struct regionset *attachment_written(const struct locallog *log);
void attachment_declare_unsynced(struct engine *engine, struct locallog *log,
				 const struct regionset *regions);
/* Reads the log device where nobody has the state, and attaches. */
void attachment_start_resume(struct engine *engine, struct locallog *log,
			     struct instance *instance);
/* The first step of an end: its marks. */
void attachment_begin_release(struct engine *engine, struct locallog *log,
			      struct instance *instance);
/* The steps after it; the log has an active instance. */
void attachment_advance_release(struct engine *engine, struct locallog *log);
void attachment_send_simple(struct engine *engine, struct locallog *log, enum wire_op_kind kind,
			    uint64_t ticket);

#endif
