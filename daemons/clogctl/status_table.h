/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's status, for people. */
#ifndef CLOGD_CLOGCTL_STATUS_TABLE_H
#define CLOGD_CLOGCTL_STATUS_TABLE_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>

/* Is a log out of sync, frozen, failed or waiting, its device dead, or the node without quorum? */
bool status_needs_attention(struct json_object *status);
/* A line for the node, then one for each log. */
void status_print(struct json_object *status, bool colour, FILE *out);

#endif
