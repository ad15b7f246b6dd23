/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ordered steps on one log as text, and its state as text.
 *
 * A script is steps with semicolons between; N is a node, R a region, S a set
 * like 3,5-9 or "-" for none. A step may end with "=RESULT".
 *   core N COUNT [nosync|sync|reconnect]          attach; ok, first, stale, mismatch
 *   disk N COUNT VALID S [nosync|sync|reconnect|stale|unread|coarse]
 *   mark N R   clear N R   unsync N R             mark, clear: 1 when a bit of the device changed
 *   release N  detach N    forget N   daemon N (dies)   down N   fenced N (1: it was lost)
 *   rejoin N COUNT S S                            marked, primary only
 *   expect N S                                    nodes that an earlier daemon knew
 *   want R     give N COUNT (how many)   done N R (1: in sync now)   fail N R
 * The state:
 *   COUNT wWRITER [u=UNSYNCED] [q=WANTED] {| NODE FLAGS [m=MARKED] [p=PRIMARY ONLY] [k=WORKING] [t=TAINTED]}
 * with the flags H holds, A attached, X absent, L lost, O opaque.
 */
#ifndef CLOGD_TESTS_UNIT_REGIONLOG_SCRIPT_H
#define CLOGD_TESTS_UNIT_REGIONLOG_SCRIPT_H

#include <stddef.h>

#include "cluster/regionlog.h"

/* Runs the script; fails the test when a result is another. After each step the state survives a snapshot. */
void regionlog_script_run(struct regionlog *log, const char *script);
void regionlog_script_describe(const struct regionlog *log, char *text, size_t size);

#endif
