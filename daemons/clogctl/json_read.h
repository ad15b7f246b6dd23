/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading the daemon's JSON: what is missing counts as empty, so that older and newer daemons can be read. */
#ifndef CLOGD_CLOGCTL_JSON_READ_H
#define CLOGD_CLOGCTL_JSON_READ_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_object *json_member(struct json_object *object, const char *key); /* NULL: none */
uint64_t json_number(struct json_object *object, const char *key);
bool json_flag(struct json_object *object, const char *key);
const char *json_string(struct json_object *object, const char *key); /* borrowed */
/* Of an array; 0 for anything else. */
size_t json_length(struct json_object *array);
struct json_object *json_at(struct json_object *array, size_t index);

#endif
