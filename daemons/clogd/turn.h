/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two threads work in the daemon: the loop, and the one that answers the kernel (netlink.h), which
 * sleeps in the socket so that a request costs no more than to receive it and to answer. What they
 * share, the engine and all around it, belongs to the one whose turn it is. A thread takes its turn
 * when it has something to do, never twice, and gives it back before it waits.
 */
#ifndef CLOGD_DAEMONS_TURN_H
#define CLOGD_DAEMONS_TURN_H

/* Before there is a second thread. 0 or negative errno. */
int turn_init(void);
void turn_take(void);
void turn_give(void);
/* In the middle of one's turn, where all is in order: lets the other one go first if it waits. */
void turn_offer(void);

#endif
