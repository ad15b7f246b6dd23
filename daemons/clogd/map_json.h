/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The regions of a log as JSON of bounded size, however many they are: arrays of
 * counts, an entry a cell. `clogctl map` draws it.
 */
#ifndef CLOGD_DAEMONS_MAP_JSON_H
#define CLOGD_DAEMONS_MAP_JSON_H

#include <stddef.h>

#include "cluster/engine.h"

/* A string from malloc(3); NULL when the cluster does not know the log. */
char *map_json(const struct engine *engine, const char *uuid, size_t cells_max);

#endif
