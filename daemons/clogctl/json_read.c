/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemons/clogctl/json_read.h"

struct json_object *json_member(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;

	if (!json_object_is_type(object, json_type_object))
		return NULL;
	(void)json_object_object_get_ex(object, key, &value);
	return value;
}

uint64_t json_number(struct json_object *object, const char *key)
{
	return json_object_get_uint64(json_member(object, key));
}

bool json_flag(struct json_object *object, const char *key)
{
	return json_object_get_boolean(json_member(object, key));
}

const char *json_string(struct json_object *object, const char *key)
{
	struct json_object *value = json_member(object, key);

	return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "";
}

size_t json_length(struct json_object *array)
{
	return json_object_is_type(array, json_type_array) ? json_object_array_length(array) : 0;
}

struct json_object *json_at(struct json_object *array, size_t index)
{
	return json_object_array_get_idx(array, index);
}
