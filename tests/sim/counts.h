/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the runs have reached: a checker that never looks, or a fault that never bites, shows as 0. */
#ifndef CLOGD_SIM_COUNTS_H
#define CLOGD_SIM_COUNTS_H

#include <stdint.h>
#include <stdio.h>

/* X(name, "what it counts") */
#define COUNTS(X)                                                              \
	X(RESENT, "requests sent again after 15 s")                            \
	X(LOST, "requests lost on their way")                                  \
	X(ANSWERS_LOST, "answers lost on their way")                           \
	X(UNHEARD, "requests while no daemon listened")                        \
	X(RECONNECTS, "reconnects begun")                                      \
	X(RECONNECT_FAILED, "reconnects whose RESUME failed")                  \
	X(ERRORS, "requests answered with an error, but ESRCH")                \
	X(PUT_BACK, "writes put back for a remote recovery")                   \
	X(PRIMARY_ONLY, "writes to one leg only")                              \
	X(DELAYED, "writes delayed by a copy of the same node")                \
	X(CHANGED_MIND, "writes whose second IN_SYNC differed from the first") \
	X(COPIES, "regions copied")                                            \
	X(COPIES_RACED, "regions copied while another node wrote there")       \
	X(HELD, "writes held after an error")                                  \
	X(REQUEUED, "writes given back by a suspend")                          \
	X(LOG_FAILURES, "logs that failed for their kernel")                   \
	X(LEG_ERRORS, "errors of legs")                                        \
	X(SUSPENDS, "suspends")                                                \
	X(RELOADS, "tables taken into use")                                    \
	X(CYCLES, "suspends asked for by a daemon")                            \
	X(WAKES, "reads asked for by a daemon")                                \
	X(TORN_DEATHS, "power-offs between the legs of a write")               \
	X(BLACKOUTS, "moments with all nodes off")                             \
	X(VIEWS_NODEDOWN, "views of a lost node")                              \
	X(VIEWS_PROCDOWN, "views of a dead daemon")                            \
	X(VIEWS_JOINED, "views of a new daemon")                               \
	X(FROZEN, "times quorum was lost to a daemon")                         \
	X(FENCED, "nodes fenced")                                              \
	X(MESSAGES_DROPPED, "messages ordered on one side of a parting only")  \
	X(AGAIN, "messages refused by flow control")                           \
	X(DISK_LATE, "writes of dead daemons that landed on a log device")     \
	X(DISK_ERRORS, "errors of log devices")                                \
	X(DIGESTS, "states compared")                                          \
	X(PROBED_CLEAN, "regions seen clean in a replica, legs compared")      \
	X(PROMISES, "promises compared with a log device")                     \
	X(SPOILED, "runs ended early: beyond what a daemon can mend")

enum count {
#define X(name, text) COUNT_##name,
	COUNTS(X)
#undef X
		COUNT_KINDS
};

struct counts {
	uint64_t of[COUNT_KINDS];
};

#define COUNT(world, name) ((world)->counts.of[COUNT_##name]++)

void counts_add(struct counts *sum, const struct counts *more);
void counts_print(const struct counts *counts, FILE *out);

#endif
