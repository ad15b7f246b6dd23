/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A message through Corosync, of the size of a small update, to a group of this program's own.
 * What cannot be done ends the program with status 1 and a line on stderr.
 */
#ifndef CLOGD_BENCH_ORDERED_H
#define CLOGD_BENCH_ORDERED_H

/* `name` is the group's, and the program's in what it says. */
void ordered_open(const char *name);
/* Returns when the message has been delivered to its sender. */
void ordered_send(void);
void ordered_close(void);

#endif
