/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All logs as bytes: snapshots, and their digest. */
#include <string.h>

#include "cluster/replica_internal.h"

void replica_encode(const struct replica *replica, struct bytes_buffer *buffer)
{
	bytes_put_u64(buffer, replica->position);
	bytes_put_u64(buffer, replica->generation);
	bytes_put_u64(buffer, replica->lineage);
	bytes_put_u8(buffer, replica->unproven);
	attendance_encode(&replica->attendance, buffer);
	bytes_put_u32(buffer, (uint32_t)replica->log_count);
	for (size_t i = 0; i < replica->log_count; i++)
		regionlog_encode(replica->logs[i], buffer);
	drafts_encode(&replica->drafts, buffer);
}

struct replica *replica_decode(const void *bytes, size_t size)
{
	struct replica *replica = replica_new();
	struct bytes_reader reader;
	uint32_t count;

	bytes_reader_init(&reader, bytes, size);
	replica->position = bytes_get_u64(&reader);
	replica->generation = bytes_get_u64(&reader);
	replica->lineage = bytes_get_u64(&reader);
	replica->unproven = bytes_get_u8(&reader) != 0;
	attendance_decode(&replica->attendance, &reader);
	count = bytes_get_u32(&reader);
	for (uint32_t i = 0; i < count && !reader.failed; i++) {
		struct regionlog *log = regionlog_decode(&reader);
		size_t last = replica->log_count;

		if (!log)
			break;
		if (last > 0 && strcmp(replica->logs[last - 1]->uuid, log->uuid) >= 0)
			reader.failed = true;
		replica_insert(replica, last, log);
	}
	if (!reader.failed)
		drafts_decode(&replica->drafts, &reader);
	if (bytes_reader_done(&reader))
		return replica;
	replica_free(replica);
	return NULL;
}

uint64_t replica_digest(const struct replica *replica)
{
	struct bytes_buffer buffer = {0};
	uint64_t digest;

	replica_encode(replica, &buffer);
	digest = bytes_hash(BYTES_HASH_START, buffer.data, buffer.size);
	bytes_free(&buffer);
	return digest;
}
