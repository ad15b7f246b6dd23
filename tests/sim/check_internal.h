/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the checkers remember. */
#ifndef CLOGD_SIM_CHECK_INTERNAL_H
#define CLOGD_SIM_CHECK_INTERNAL_H

#include "tests/sim/settings.h"

#define DIGEST_SLOTS   4096
#define ANSWERED_SLOTS 64

struct digest_slot {
	uint64_t entry_id;
	uint64_t history;
	uint64_t position;
	uint64_t digest;
	uint32_t node;
};

struct checks {
	struct digest_slot digests[DIGEST_SLOTS];
	struct {
		uint32_t power_epoch;
		uint32_t seq;
		uint32_t daemon_epoch;
	} answered[NODES_MAX + 1][ANSWERED_SLOTS];
	uint32_t overdue_ticks[NODES_MAX + 1];
};

#endif
