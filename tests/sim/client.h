/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programs on a node that read and write a mirror. As a cluster file system
 * does, they serialise writes to a block across the nodes; a node keeps the
 * locks it has, also when it is cut off, until it is gone or gives them up.
 */
#ifndef CLOGD_SIM_CLIENT_H
#define CLOGD_SIM_CLIENT_H

#include <stdint.h>

#include "tests/sim/mapped_device.h"

struct node;

void client_start(struct node *node, uint32_t mirror, uint32_t number);
/* One write or read of a block, from a fiber. 0, -EIO, or -EBUSY when the lock is not to be had. */
int client_write(struct mapped_device *device, uint32_t block);
int client_read(struct mapped_device *device, uint32_t block, uint32_t *value);

#endif
