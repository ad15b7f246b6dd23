/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One read or write of one block, on its way through a node's kernel. */
#ifndef CLOGD_SIM_BIO_H
#define CLOGD_SIM_BIO_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/sim/list.h"

struct mapped_device;
struct mirror_set;

/* The target gives it back: to be mapped again after the resume. */
#define BIO_REQUEUE 1

struct bio {
	struct list list;
	uint64_t id;
	bool is_write;
	uint32_t region;
	uint32_t block; /* of the mirror */
	uint32_t value; /* number of the write, or what was read */
	int status;     /* 0 or -EIO, or BIO_REQUEUE on its way back */
	struct mapped_device *device;
	struct mirror_set *set; /* that mapped it */
	uint32_t leg;           /* read from */
	uint32_t outstanding;   /* legs still to answer */
	uint32_t error_legs;    /* bits */
	void (*done)(struct bio *bio);
	void *context;
};

#endif
