/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a kernel may ask, in any order, of an engine alone; its messages and disk
 * jobs end when the input says so. No request is answered twice; when all
 * mirrors are gone, each has been answered, but for those sent again.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "tests/fuzz/engine_box.h"
#include "tests/fuzz/fuzz.h"

#define RECORDS_MAX 300
#define LUIDS       3

static const char *const uuids[] = {BOX_CORE, BOX_DISK, "LVM-x"};
static const char *const tables[] = {
	BOX_CORE_TABLE,
	BOX_DISK_TABLE,
	"8192 clustered-core 1024 nosync",
	"8192 clustered-disk " BOX_DEVICE " 1024 sync block_on_error",
	"9000 clustered-core 2048 sync",
	"16384 clustered-disk " BOX_DEVICE " 1024 nosync",
};

struct asked {
	struct ulog_request request;
	uint64_t asked_ms;
	bool answered;
	bool again; /* the kernel has given up waiting for this one */
};

struct kernel {
	struct box *box;
	struct asked asked[RECORDS_MAX + 64];
	size_t count;
};

static void on_reply(void *context, const struct ulog_reply *reply)
{
	struct kernel *kernel = context;

	for (size_t i = 0; i < kernel->count; i++) {
		struct asked *asked = &kernel->asked[i];

		if (asked->request.seq != reply->seq)
			continue;
		assert(!asked->answered);
		assert(reply->type == asked->request.type && reply->luid == asked->request.luid);
		assert(strcmp(reply->uuid, asked->request.uuid) == 0);
		asked->answered = true;
		return;
	}
	abort(); /* nobody asked */
}

static void ask(struct kernel *kernel, struct ulog_request *request)
{
	struct asked *asked = &kernel->asked[kernel->count++];

	assert(kernel->count <= sizeof(kernel->asked) / sizeof(kernel->asked[0]));
	request->seq = kernel->box->last_seq + 1; /* the one box_request() takes */
	*asked = (struct asked){.request = *request, .asked_ms = kernel->box->now_ms};
	box_request(kernel->box, request);
}

static void ask_simple(struct kernel *kernel, struct bytes_reader *reader, uint8_t what)
{
	struct ulog_request request = {.type = (enum ulog_type)(ULOG_CTR + what % ULOG_TYPE_MAX)};
	uint8_t who = bytes_get_u8(reader);
	uint8_t detail = bytes_get_u8(reader);

	strcpy(request.uuid, uuids[who % 3]);
	request.luid = 1 + who / 3 % LUIDS;
	if (request.type == ULOG_CTR) {
		strcpy(request.constructor, tables[detail % 6]);
		request.reconnect = detail & 0x80;
	} else {
		request.region_count = 1 + (who >= 128);
		request.regions[0] = detail % 70;
		request.regions[1] = detail / 2;
		request.in_sync = who >= 64;
	}
	ask(kernel, &request);
}

/* Bytes as they come from the connector. */
static void ask_raw(struct kernel *kernel, struct bytes_reader *reader)
{
	size_t size = bytes_get_u16(reader);
	struct ulog_request request;

	if (size > bytes_left(reader))
		size = bytes_left(reader);
	if (ulog_request_decode(bytes_get_raw(reader, size), size, &request) == 0)
		ask(kernel, &request);
}

/* After 15 s the kernel asks again under a new seq and takes no answer to the old one. */
static void ask_again(struct kernel *kernel, uint8_t which)
{
	struct asked *asked;
	struct ulog_request request;

	if (kernel->count == 0)
		return;
	asked = &kernel->asked[which % kernel->count];
	if (asked->answered || asked->again)
		return;
	asked->again = true;
	request = asked->request;
	box_pass(kernel->box, 15000);
	ask(kernel, &request);
}

static void other_input(struct kernel *kernel, struct bytes_reader *reader, uint8_t what)
{
	struct box *box = kernel->box;
	uint8_t detail = bytes_get_u8(reader);

	switch (what % 8) {
	case 0:
		box_pass(box, 50 * (uint64_t)detail);
		break;
	case 1:
		box_complete(box, detail & 1, 0);
		break;
	case 2:
		box_complete(box, detail & 1, detail & 2 ? -EIO : -ENXIO);
		break;
	case 3:
		engine_device_cycled(box->engine, box->now_ms, uuids[detail % 3],
				     detail & 4 ? -EBUSY : 0);
		break;
	case 4:
		box_quorum(box, (enum quorum)(detail % 3));
		break;
	case 5:
		ask_again(kernel, detail);
		break;
	case 6:
		memset(box->device, detail, sizeof(box->device)); /* somebody else's data */
		break;
	default:
		ask_raw(kernel, reader);
		break;
	}
}

static void run_record(struct kernel *kernel, struct bytes_reader *reader)
{
	uint8_t what = bytes_get_u8(reader);

	if (what < 128)
		ask_simple(kernel, reader, what);
	else if (what < 192)
		other_input(kernel, reader, what);
	else if (what < 224)
		box_deliver(kernel->box);
	else
		box_settle(kernel->box);
}

/* Suspends and destroys whatever was constructed, by whatever name. */
static void destroy_all(struct kernel *kernel)
{
	size_t count = kernel->count;
	struct asked *asked = kernel->asked;

	for (size_t i = 0; i < count; i++) {
		static const enum ulog_type last[] = {ULOG_PRESUSPEND, ULOG_POSTSUSPEND, ULOG_DTR};
		struct ulog_request request = {.luid = asked[i].request.luid};

		if (asked[i].request.type != ULOG_CTR)
			continue;
		strcpy(request.uuid, asked[i].request.uuid);
		for (size_t j = 0; j < 3; j++) {
			request.type = last[j];
			kernel->count = count;
			ask(kernel, &request);
			box_settle(kernel->box);
			assert(kernel->asked[count].answered);
		}
		kernel->count = count;
	}
}

/* The same request of another thread, late enough, is taken for the first one sent again. */
static bool has_successor(const struct kernel *kernel, const struct asked *asked)
{
	for (const struct asked *later = asked + 1; later < kernel->asked + kernel->count; later++)
		if (later->asked_ms >= asked->asked_ms + 14000 &&
		    later->request.type == asked->request.type &&
		    later->request.luid == asked->request.luid &&
		    strcmp(later->request.uuid, asked->request.uuid) == 0)
			return true;
	return false;
}

static void check_all_answered(const struct kernel *kernel)
{
	for (size_t i = 0; i < kernel->count; i++)
		assert(kernel->asked[i].answered || kernel->asked[i].again ||
		       has_successor(kernel, &kernel->asked[i]));
	assert(kernel->box->open_handles == 0);
	assert(!kernel->box->messages && !kernel->box->jobs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct kernel kernel;
	struct bytes_reader reader;

	kernel.count = 0;
	kernel.box = box_new(1);
	kernel.box->reply = on_reply;
	kernel.box->context = &kernel;
	box_view(kernel.box, 1, VIEW_JOINED);
	box_quorum(kernel.box, QUORUM_YES);
	box_settle(kernel.box);
	bytes_reader_init(&reader, data, size);
	for (unsigned int records = 0; bytes_left(&reader) > 0 && records < RECORDS_MAX; records++)
		run_record(&kernel, &reader);
	box_quorum(kernel.box, QUORUM_YES);
	box_settle(kernel.box);
	box_look(kernel.box);
	box_check_snapshot(kernel.box);
	destroy_all(&kernel);
	check_all_answered(&kernel);
	box_free(kernel.box);
	return 0;
}
