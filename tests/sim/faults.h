/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What goes wrong, and when. Only what the design claims to survive: without
 * fencing, a node that was cut off alive is not switched off before it is back,
 * nor does its daemon die when it has written since, for nobody could know what.
 */
#ifndef CLOGD_SIM_FAULTS_H
#define CLOGD_SIM_FAULTS_H

#include "tests/sim/settings.h"

struct node;
struct world;

/* Starts the row of faults of this seed; it ends with faults_heal(). */
void faults_start(struct world *world);
void faults_heal(struct world *world);
/* One fault, now. */
void fault_make(struct world *world, enum fault_kind kind);
/* Reloads the devices that have failed for their kernels. True when there were any. */
bool faults_repair(struct world *world);
/* All nodes load the newest table. */
void faults_reload_all(struct world *world, uint32_t mirror);

/* fault_kinds.c */
void faults_run_kind(struct world *world, enum fault_kind kind);

/* fencer.c: the cluster manager, when this seed has one. */
void fencer_start(struct world *world);

#endif
