/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by regionlog.c, regionlog_attach.c and regionlog_loss.c: parts of ordered steps. */
#ifndef CLOGD_CLUSTER_REGIONLOG_INTERNAL_H
#define CLOGD_CLUSTER_REGIONLOG_INTERNAL_H

#include "cluster/regionlog.h"

/* The node's entry, a new one if need be; pointers to entries are stale after that. */
struct regionlog_node *regionlog_need_node(struct regionlog *log, uint32_t node);
/* Drops an entry that says nothing, so that equal states have equal encodings. */
void regionlog_drop_idle_node(struct regionlog *log, uint32_t node);
/* Finds a writer when the one that was it cannot be any more. */
void regionlog_elect_writer(struct regionlog *log);
/* Regions beyond the old count are in sync or not; those beyond the new one are forgotten. */
void regionlog_resize(struct regionlog *log, uint64_t region_count, bool new_in_sync);
/* As large as the largest table, as long as there is one. */
void regionlog_fit_to_tables(struct regionlog *log);
/* Attached no more; its marks are the caller's business. */
void regionlog_end_attachment(struct regionlog *log, struct regionlog_node *entry);
/* What a lost node had marked becomes unsynced. */
void regionlog_give_up_marks(struct regionlog *log, struct regionlog_node *entry);

#endif
