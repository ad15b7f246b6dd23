/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CTR and DTR: tables of the kernel come and go. */
#ifndef CLOGD_CLUSTER_LIFECYCLE_H
#define CLOGD_CLUSTER_LIFECYCLE_H

#include <stdint.h>

struct disk_result;
struct engine;
struct instance;
struct locallog;
struct ulog_request;

void lifecycle_ctr(struct engine *engine, const struct ulog_request *request);
void lifecycle_opened(struct engine *engine, struct locallog *log, struct instance *instance,
		      const struct disk_result *result);
/* A device without which the instance went on is open again: -EAGAIN; or -ENOSPC, too small it is let go. */
int lifecycle_reopened(struct engine *engine, struct instance *instance,
		       const struct disk_result *result);
void lifecycle_dtr(struct engine *engine, const struct ulog_request *request);

#endif
