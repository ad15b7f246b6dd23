/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages of the other nodes, at a live engine that uses two logs together
 * with them. Input: records of one byte for what it is, then what that needs.
 */
#include "tests/fuzz/engine_box.h"
#include "tests/fuzz/fuzz.h"

#define LUID 7

static struct box *set_up(void)
{
	static const char *const logs[] = {BOX_CORE, BOX_DISK};
	struct box *box = box_new(1);

	box_view(box, 1, VIEW_JOINED);
	box_quorum(box, QUORUM_YES);
	box_settle(box);
	for (int i = 0; i < 2; i++) {
		box_construct(box, logs[i], LUID, i ? BOX_DISK_TABLE : BOX_CORE_TABLE);
		box_settle(box);
		box_ask(box, logs[i], ULOG_RESUME, LUID, 0);
		box_settle(box);
	}
	box_view(box, 2, VIEW_JOINED);
	box_view(box, 3, VIEW_JOINED);
	box_quorum(box, QUORUM_YES);
	box_settle(box);
	for (int i = 0; i < 2; i++) {
		box_attach_peer(box, 2, logs[i]);
		box_ask(box, logs[i], ULOG_GET_RESYNC_WORK, LUID, 0);
		box_ask(box, logs[i], ULOG_MARK_REGION, LUID, 5);
		box_ask(box, logs[i], ULOG_FLUSH, LUID, 5);
		box_settle(box);
	}
	return box;
}

static void kernel_asks(struct box *box, struct bytes_reader *reader)
{
	uint8_t choice = bytes_get_u8(reader);
	enum ulog_type type =
		(enum ulog_type)(ULOG_PRESUSPEND + (choice >> 1) % (ULOG_TYPE_MAX - 2));

	box_ask(box, choice & 1 ? BOX_DISK : BOX_CORE, type, LUID, bytes_get_u8(reader) % 80);
}

static void message_comes(struct box *box, struct bytes_reader *reader, uint32_t node)
{
	size_t size = bytes_get_u16(reader);

	if (size > bytes_left(reader))
		size = bytes_left(reader);
	engine_message(box->engine, box->now_ms, node, bytes_get_raw(reader, size), size);
}

static void run_record(struct box *box, struct bytes_reader *reader)
{
	uint8_t what = bytes_get_u8(reader);

	switch (what) {
	case 0:
		box_pass(box, 100 * (uint64_t)bytes_get_u8(reader));
		break;
	case 1:
		kernel_asks(box, reader);
		break;
	case 4:
	case 5:
		box_view(box, what - 2, VIEW_NODEDOWN);
		box_quorum(box, QUORUM_YES);
		break;
	case 6:
	case 7:
		box_view(box, what - 4, VIEW_PROCDOWN);
		break;
	case 8:
	case 9:
		box_view(box, what - 6, VIEW_JOINED);
		break;
	case 10:
		box_deliver(box);
		return;
	default:
		message_comes(box, reader, what);
		break;
	}
	if (!(what & 0x80))
		box_settle(box);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct box *box = set_up();
	struct bytes_reader reader;

	bytes_reader_init(&reader, data, size);
	for (unsigned int records = 0; bytes_left(&reader) > 0 && records < 200; records++)
		run_record(box, &reader);
	box_settle(box);
	box_look(box);
	box_check_snapshot(box);
	for (int i = 0; i < 4; i++) {
		box_pass(box, 3000);
		box_settle(box);
	}
	box_free(box);
	return 0;
}
