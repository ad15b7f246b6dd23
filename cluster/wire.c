/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Message frames and the messages of membership. Operations are in wire_op.c. */
#include "cluster/wire.h"

#include <errno.h>

#include "cluster/group.h"

void wire_begin(struct bytes_buffer *buffer, enum wire_kind kind, uint8_t version)
{
	bytes_put_u32(buffer, WIRE_MAGIC);
	bytes_put_u8(buffer, version);
	bytes_put_u8(buffer, (uint8_t)kind);
	bytes_put_u16(buffer, 0);
}

int wire_open(struct bytes_reader *reader, enum wire_kind *kind)
{
	uint32_t magic = bytes_get_u32(reader);
	uint8_t version = bytes_get_u8(reader);
	uint8_t value = bytes_get_u8(reader);

	bytes_get_u16(reader);
	if (reader->failed || magic != WIRE_MAGIC)
		return -EBADMSG;
	/* Versions are agreed with these two, so they are read whatever their sender speaks. */
	if (value != WIRE_HELLO && value != WIRE_CENSUS &&
	    (version < WIRE_VERSION_MIN || version > WIRE_VERSION_MAX))
		return -EPROTO;
	if (value < WIRE_HELLO || value > WIRE_CENSUS)
		return -EBADMSG;
	*kind = (enum wire_kind)value;
	return 0;
}

void wire_hello_encode(const struct wire_hello *hello, struct bytes_buffer *buffer)
{
	bytes_put_u8(buffer, hello->version_min);
	bytes_put_u8(buffer, hello->version_max);
	bytes_put_u8(buffer, (uint8_t)hello->state);
	bytes_put_u64(buffer, hello->join_id);
	bytes_put_u64(buffer, hello->lineage);
	bytes_put_u64(buffer, hello->era);
	bytes_put_u64(buffer, hello->position);
	bytes_put_u64(buffer, hello->census);
	bytes_put_u8(buffer, hello->unasked);
}

int wire_hello_decode(struct bytes_reader *reader, struct wire_hello *hello)
{
	uint8_t state;

	hello->version_min = bytes_get_u8(reader);
	hello->version_max = bytes_get_u8(reader);
	state = bytes_get_u8(reader);
	hello->join_id = bytes_get_u64(reader);
	hello->lineage = bytes_get_u64(reader);
	hello->era = bytes_get_u64(reader);
	hello->position = bytes_get_u64(reader);
	hello->census = bytes_get_u64(reader);
	hello->unasked = bytes_get_u8(reader) != 0;
	/* A later version may add fields behind these. */
	if (reader->failed || state > HELLO_LIVE || hello->version_min > hello->version_max)
		return -EBADMSG;
	hello->state = (enum hello_state)state;
	return 0;
}

void wire_census_encode(uint64_t census, struct bytes_buffer *buffer)
{
	bytes_put_u64(buffer, census);
}

int wire_census_decode(struct bytes_reader *reader, uint64_t *census)
{
	*census = bytes_get_u64(reader);
	return reader->failed || *census == 0 ? -EBADMSG : 0;
}

void wire_snapshot_begin_encode(const struct wire_snapshot_begin *begin,
				struct bytes_buffer *buffer)
{
	bytes_put_u32(buffer, begin->joiner);
	bytes_put_u64(buffer, begin->join_id);
	bytes_put_u64(buffer, begin->transfer_id);
}

int wire_snapshot_begin_decode(struct bytes_reader *reader, struct wire_snapshot_begin *begin)
{
	begin->joiner = bytes_get_u32(reader);
	begin->join_id = bytes_get_u64(reader);
	begin->transfer_id = bytes_get_u64(reader);
	return bytes_reader_done(reader) ? 0 : -EBADMSG;
}

void wire_snapshot_data_encode(const struct wire_snapshot_data *data, struct bytes_buffer *buffer)
{
	bytes_put_u32(buffer, data->joiner);
	bytes_put_u64(buffer, data->transfer_id);
	bytes_put_u32(buffer, data->index);
	bytes_put_u8(buffer, data->last);
	bytes_put_u32(buffer, data->size);
	bytes_put_raw(buffer, data->bytes, data->size);
}

int wire_snapshot_data_decode(struct bytes_reader *reader, struct wire_snapshot_data *data)
{
	data->joiner = bytes_get_u32(reader);
	data->transfer_id = bytes_get_u64(reader);
	data->index = bytes_get_u32(reader);
	data->last = bytes_get_u8(reader) != 0;
	data->size = bytes_get_u32(reader);
	data->bytes = bytes_get_raw(reader, data->size);
	return bytes_reader_done(reader) ? 0 : -EBADMSG;
}
