/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Faults that are built in on purpose, to see that the simulator finds them
 * (tests/sim/planted.c). Only in the build with CLOGD_PLANTED_BUGS, which is
 * never installed; everywhere else PLANTED() is false and leaves no code.
 */
#ifndef CLOGD_COMMON_PLANTED_H
#define CLOGD_COMMON_PLANTED_H

#ifdef CLOGD_PLANTED_BUGS

/* name in the code, name on the command line, what the daemon does then */
#define PLANTED_BUGS(BUG)                                                                        \
	BUG(SKIP_TAINT, "skip-taint", "a copy counts though others wrote the region meanwhile")  \
	BUG(HAND_OUT_MARKED, "hand-out-marked", "a region that another node writes is copied")   \
	BUG(DOUBLE_HAND_OUT, "double-hand-out", "two nodes copy the same region")                \
	BUG(BROKEN_OFF_COPY, "broken-off-copy", "a copy that a suspend broke off counts")        \
	BUG(MARK_BEFORE_ORDER, "mark-before-order", "MARK is answered before it is ordered")     \
	BUG(FLUSH_BEFORE_DISK, "flush-before-disk", "MARK and FLUSH do not wait for the device") \
	BUG(WRITTEN_TOO_MUCH, "written-too-much", "WRITTEN covers what is not written yet")      \
	BUG(CLEAR_BEFORE_ORDER, "clear-before-order", "a mark ends before its end is ordered")   \
	BUG(FORGET_DEAD, "forget-dead", "the marks of a dead node are forgotten")                \
	BUG(FORGET_DAEMON, "forget-daemon", "the marks of a node whose daemon died are dropped") \
	BUG(FORGET_OPAQUE, "forget-opaque", "kernels that outlived all daemons count as quiet")  \
	BUG(FORGET_CUT_OFF, "forget-cut-off", "what a cut-off node wrote counts as in sync")     \
	BUG(IGNORE_FENCING, "ignore-fencing", "a lost node's regions do not wait for fencing")   \
	BUG(MARK_UNQUORATE, "mark-unquorate", "a retained mark is answered without quorum")      \
	BUG(UNSURE_IS_QUORATE, "unsure-is-quorate", "unsure quorum is taken for quorum")         \
	BUG(STALE_SNAPSHOT, "stale-snapshot", "a snapshot counts from its first piece on")       \
	BUG(FIRST_PIECE, "first-piece", "of a log's state in pieces only the first counts")      \
	BUG(DROP_KEPT, "drop-kept", "what was ordered beside a snapshot is dropped")             \
	BUG(HINT_FALLS, "hint-falls", "IN_SYNC contradicts what the kernel was told")            \
	BUG(NO_ROOM, "no-room", "-ESRCH leaves no room for the repeated answer")

#define PLANTED_ENUM(name, option, effect) PLANTED_##name,
enum planted { PLANTED_NONE, PLANTED_BUGS(PLANTED_ENUM) PLANTED_COUNT };
#undef PLANTED_ENUM

extern enum planted planted_bug;
#define PLANTED(name) (planted_bug == PLANTED_##name)

#else

#define PLANTED(name) false

#endif
#endif
