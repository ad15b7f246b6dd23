/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemons/clogd/json_add.h"

void json_add(struct json_object *object, const char *key, struct json_object *value)
{
	json_object_object_add_ex(object, key, value,
				  JSON_C_OBJECT_ADD_KEY_IS_NEW | JSON_C_OBJECT_ADD_CONSTANT_KEY);
}

void json_add_number(struct json_object *object, const char *key, uint64_t value)
{
	json_add(object, key, json_object_new_uint64(value));
}

void json_add_string(struct json_object *object, const char *key, const char *value)
{
	json_add(object, key, json_object_new_string(value));
}

void json_add_bool(struct json_object *object, const char *key, bool value)
{
	json_add(object, key, json_object_new_boolean(value));
}

void json_add_ids(struct json_object *object, const char *key, const uint32_t *ids, size_t count)
{
	struct json_object *array = json_object_new_array_ext((int)count);

	for (size_t i = 0; i < count; i++)
		json_object_array_add(array, json_object_new_uint64(ids[i]));
	json_add(object, key, array);
}

void json_append(struct bytes_buffer *text, struct json_object *object)
{
	size_t length;
	const char *string = json_object_to_json_string_length(
		object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &length);

	bytes_put_raw(text, string, length);
	json_object_put(object);
}
