/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The door of the kernel's requests inside the engine. */
#ifndef CLOGD_CLUSTER_REQUESTS_H
#define CLOGD_CLUSTER_REQUESTS_H

#include "common/ulog.h"

struct engine;

/* Answers, or keeps the request and answers later. */
void requests_dispatch(struct engine *engine, const struct ulog_request *request);
/* Those that wait for something that may be there now. */
void requests_start_over(struct engine *engine);
/* See engine_hand_back(). */
void requests_hand_back(struct engine *engine);

#endif
