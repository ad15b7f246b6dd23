/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Members of a JSON object. Keys are literals, and each is given once. */
#ifndef CLOGD_DAEMONS_JSON_ADD_H
#define CLOGD_DAEMONS_JSON_ADD_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/bytes.h"

void json_add(struct json_object *object, const char *key, struct json_object *value);
void json_add_number(struct json_object *object, const char *key, uint64_t value);
void json_add_string(struct json_object *object, const char *key, const char *value);
void json_add_bool(struct json_object *object, const char *key, bool value);
void json_add_ids(struct json_object *object, const char *key, const uint32_t *ids, size_t count);

/* Appends the text of the object, without blanks, and gives the object up. */
void json_append(struct bytes_buffer *text, struct json_object *object);

#endif
