/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Jobs for the log devices that are out, and who waits for them. */
#ifndef CLOGD_CLUSTER_DISKJOB_H
#define CLOGD_CLUSTER_DISKJOB_H

#include <stdint.h>

struct disk_job;
struct disk_result;
struct engine;
struct instance;
struct locallog;

enum disk_purpose { DISK_FOR_OPEN, DISK_FOR_HEADER, DISK_FOR_LOAD, DISK_FOR_WRITE };
void diskjob_start(struct engine *engine, struct locallog *log, struct instance *instance,
		   enum disk_purpose purpose, struct disk_job *job);
void diskjob_forget_instance(struct engine *engine, const struct instance *instance);
void diskjob_forget_loads(struct engine *engine, const struct locallog *log);
void diskjob_close(struct engine *engine, struct instance *instance);
void diskjob_done(struct engine *engine, const struct disk_result *result);
void diskjob_free_all(struct engine *engine);

#endif
