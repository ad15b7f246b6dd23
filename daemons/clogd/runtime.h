/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The running daemon: carries what comes in to the engine, and what the engine
 * asks for to where it is done. One loop, and a thread for the kernel's requests
 * (turn.h); it decides nothing.
 */
#ifndef CLOGD_DAEMONS_RUNTIME_H
#define CLOGD_DAEMONS_RUNTIME_H

#include "daemons/clogd/options.h"

/* Runs until it is told to stop. Returns the exit status. */
int runtime_run(const struct options *options);

#endif
