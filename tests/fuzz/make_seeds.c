/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes seeds for the targets that speak clogd's own formats, from the samples
 * of the unit tests: make_seeds CORPUS_DIRECTORY. To be run again when a format
 * changes:
 *   clang -std=gnu11 -D_GNU_SOURCE -I. -o /tmp/make_seeds tests/fuzz/make_seeds.c \
 *     tests/unit/wire_samples.c common/[a-z]*.c cluster/{drafts,wire,regionlog,replica}*.c -lroaring
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cluster/replica.h"
#include "common/ctlproto.h"
#include "common/memory.h"
#include "tests/unit/wire_samples.h"

static const char *directory;

static void seed(const char *target, const char *name, struct bytes_buffer *bytes)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s/%s", directory, target, name);
	file = fopen(path, "wb");
	if (!file || fwrite(bytes->data, 1, bytes->size, file) != bytes->size ||
	    fclose(file) != 0) {
		perror(path);
		exit(1);
	}
	bytes_free(bytes);
}

/* A record of the target "message": who, how long, what. */
static void record(struct bytes_buffer *out, uint8_t node, const struct bytes_buffer *message)
{
	bytes_put_u8(out, node);
	bytes_put_u16(out, (uint16_t)message->size);
	bytes_put_raw(out, message->data, message->size);
}

static void messages(void)
{
	for (size_t i = 0; i < WIRE_SAMPLE_MESSAGES; i++) {
		struct bytes_buffer message = {0}, out = {0};
		char name[32];

		wire_sample_message((enum wire_sample_message)i, &message);
		record(&out, 2, &message);
		snprintf(name, sizeof(name), "membership-%zu", i);
		seed("message", name, &out);
		bytes_free(&message);
	}
}

/* The sample, at home in a log that the target uses. */
static void operation(size_t index, const char *uuid, struct bytes_buffer *out, uint8_t node)
{
	struct bytes_buffer message = {0};
	struct wire_op op;

	wire_sample_op(index, &op);
	if (op.uuid[0])
		strcpy(op.uuid, uuid);
	if (op.kind == OP_ATTACH) {
		op.attach.region_size_sectors = 1024;
		op.attach.region_count = strcmp(uuid, "LVM-disk") == 0 ? 4096 : 64;
		op.attach.valid_count = 0;
		regionset_free(op.attach.unsynced);
		op.attach.unsynced = NULL;
		op.attach.type = strcmp(uuid, "LVM-disk") == 0 ? LOG_TYPE_DISK : LOG_TYPE_CORE;
	}
	/* The first piece, of a log that nobody has attached yet. */
	if (op.kind == OP_STATE)
		op.first = op.attach.generation = 0;
	wire_begin(&message, WIRE_OPS, WIRE_VERSION_MIN);
	wire_op_encode(&op, &message);
	record(out, node, &message);
	wire_op_free(&op);
	bytes_free(&message);
}

static void operations(void)
{
	static const char *const uuids[] = {"LVM-core", "LVM-disk", WIRE_SAMPLE_UUID};

	for (size_t i = 0; i < wire_sample_op_count; i++)
		for (size_t j = 0; j < 3; j++) {
			struct bytes_buffer out = {0};
			char name[32];

			operation(i, uuids[j], &out, 2);
			operation(i, uuids[j], &out, 3);
			bytes_put_raw(&out, "\0\x1e\1\x14\3", 5); /* time passes, the kernel asks */
			snprintf(name, sizeof(name), "operation-%zu-%zu", i, j);
			seed("message", name, &out);
		}
}

static void attach(struct replica *replica, uint32_t node, const char *uuid, enum log_type type,
		   uint64_t count)
{
	struct wire_op op = {
		.kind = OP_ATTACH,
		.attach = {.type = type, .region_size_sectors = 1024, .region_count = count}};
	struct replica_outcome outcome;

	if (type == LOG_TYPE_DISK)
		op.attach.unsynced = regionset_new();
	strcpy(op.uuid, uuid);
	replica_advance(replica);
	replica_apply(replica, node, &op, &outcome);
	wire_op_free(&op);
}

static void change(struct replica *replica, uint32_t node, const char *uuid, enum wire_op_kind kind,
		   uint32_t region)
{
	struct wire_op op = {.kind = kind, .region_count = 1, .want = 4};
	struct replica_outcome outcome;

	op.regions = memory_new(1, sizeof(uint32_t));
	op.regions[0] = region;
	strcpy(op.uuid, uuid);
	replica_advance(replica);
	replica_apply(replica, node, &op, &outcome);
	wire_op_free(&op);
}

static void draft(struct replica *replica)
{
	struct wire_op op = {.kind = OP_STATE, .uuid = "LVM-new", .end = 70000};
	struct replica_outcome outcome;

	op.attach.region_count = 100000;
	op.attach.unsynced = regionset_new();
	regionset_add_range(op.attach.unsynced, 65530, 65540);
	replica_apply(replica, 2, &op, &outcome);
	wire_op_free(&op);
}

static void snapshot(const char *name, unsigned int stage)
{
	struct replica *replica = replica_new();
	struct bytes_buffer out = {0};

	if (stage > 0)
		attach(replica, 1, "LVM-core", LOG_TYPE_CORE, 64);
	if (stage > 1) {
		attach(replica, 1, "LVM-disk", LOG_TYPE_DISK, 4096);
		attach(replica, 3, "LVM-disk", LOG_TYPE_DISK, 4096);
		change(replica, 1, "LVM-disk", OP_WORK, 0);
		change(replica, 3, "LVM-disk", OP_UPDATE, 9);
		change(replica, 3, "LVM-disk", OP_WANT, 20);
		change(replica, 3, "LVM-core", OP_UNSYNC, 3);
	}
	if (stage > 2) {
		replica_node_down(replica, 3);
		replica_daemon_gone(replica, 1);
	}
	if (stage > 3)
		draft(replica);
	replica_encode(replica, &out);
	seed("snapshot", name, &out);
	replica_free(replica);
}

static void control(void)
{
	struct ctl_request request = {.kind = CTL_RUN, .line = "status --json"};
	struct ctl_reply reply = {
		.status = CTL_ATTENTION, .more = true, .text = "text", .text_size = 4};
	struct bytes_buffer out = {0};

	ctl_request_encode(&request, &out);
	seed("ctlproto", "run", &out);
	request = (struct ctl_request){.kind = CTL_NEXT};
	ctl_request_encode(&request, &out);
	seed("ctlproto", "next", &out);
	ctl_reply_encode(&reply, &out);
	seed("ctlproto", "reply", &out);
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	directory = argv[1];
	messages();
	operations();
	snapshot("empty", 0);
	snapshot("core", 1);
	snapshot("both", 2);
	snapshot("lost", 3);
	snapshot("draft", 4);
	control();
	return 0;
}
