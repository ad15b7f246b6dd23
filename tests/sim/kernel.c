/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/sim/kernel.h"

#include <errno.h>
#include <string.h>

#include "tests/sim/check.h"
#include "tests/sim/daemon.h"
#include "tests/sim/node.h"
#include "tests/sim/world.h"

#define RETRY_TIMEOUT_US (15 * US_PER_S)

struct kernel *kernel_new(struct node *node)
{
	struct world *world = node->world;
	struct kernel *kernel = arena_new(&world->arena, sizeof(*kernel));

	kernel->world = world;
	kernel->node = node;
	kernel->fibers = fiber_set_new(&world->clock, &world->arena);
	kernel->ulog_seq = (uint32_t)random_below(&world->random_io, 1000);
	kernel->next_luid = 0x1000 * (1 + random_below(&world->random_io, 1000));
	list_init(&kernel->receiving);
	return kernel;
}

uint64_t kernel_jiffies(const struct kernel *kernel)
{
	return kernel->world->clock.now_us / JIFFY_US;
}

static void trace_answer(struct kernel *kernel, const struct ulog_reply *reply)
{
	uint64_t words[2] = {0};

	memcpy(words, reply->data, reply->data_size < 16 ? reply->data_size : 16);
	if (reply->data_size == 8)
		TRACE(kernel->world, kernel->node->id, "  answer %s seq %u error %d: %llu",
		      ulog_type_name(reply->type), reply->seq, reply->error,
		      (unsigned long long)words[0]);
	else if (reply->data_size == 16)
		TRACE(kernel->world, kernel->node->id, "  answer %s seq %u error %d: %llu %llu",
		      ulog_type_name(reply->type), reply->seq, reply->error,
		      (unsigned long long)words[0], (unsigned long long)words[1]);
	else
		TRACE(kernel->world, kernel->node->id, "  answer %s seq %u error %d (%u bytes)",
		      ulog_type_name(reply->type), reply->seq, reply->error, reply->data_size);
}

/* fill_pkg() */
static void fill_package(struct receiving_package *package, const struct ulog_reply *reply)
{
	if (reply->data_size > package->capacity) {
		package->data_size = 0;
		package->error = -ENOSPC;
	} else {
		package->error = reply->error;
		if (reply->data_size)
			memcpy(package->data, reply->data, reply->data_size);
		package->data_size = reply->data_size;
	}
	package->complete = true;
	waitlist_wake(&package->waiting);
}

void kernel_answer(struct kernel *kernel, const uint8_t *bytes, size_t size)
{
	struct ulog_reply reply;

	if (ulog_reply_decode(bytes, size, &reply) != 0) {
		check_fail(kernel->world, "node %u: a reply that the kernel cannot read",
			   kernel->node->id);
		return;
	}
	trace_answer(kernel, &reply);
	for (struct list *at = kernel->receiving.next; at != &kernel->receiving; at = at->next) {
		struct receiving_package *package = list_entry(at, struct receiving_package, list);

		if (package->seq != reply.seq)
			continue;
		check_answer(package, &reply);
		if (reply.error && reply.error != -ESRCH)
			COUNT(kernel->world, ERRORS);
		fill_package(package, &reply);
		return;
	}
	check_stray_answer(kernel, &reply);
}

void kernel_lose_answer(struct kernel *kernel, uint32_t seq)
{
	for (struct list *at = kernel->receiving.next; at != &kernel->receiving; at = at->next) {
		struct receiving_package *package = list_entry(at, struct receiving_package, list);

		if (package->seq != seq)
			continue;
		COUNT(kernel->world, ANSWERS_LOST);
		TRACE(kernel->world, kernel->node->id, "  answer %s seq %u (lost)",
		      ulog_type_name(package->type), seq);
		package->lost = true;
	}
}

static void trace_request(struct kernel *kernel, const struct ulog_request *request,
			  const char *how)
{
	char regions[96] = "";
	size_t length = 0;

	if (!kernel->world->trace.out)
		return;
	for (uint32_t i = 0; i < request->region_count && length < sizeof(regions) - 24; i++)
		length += (size_t)snprintf(regions + length, sizeof(regions) - length, " %llu",
					   (unsigned long long)request->regions[i]);
	trace_line(kernel->world, kernel->node->id, "%s luid %llx seq %u%s%s%s%s",
		   ulog_type_name(request->type), (unsigned long long)request->luid, request->seq,
		   regions,
		   request->type == ULOG_SET_REGION_SYNC ? (request->in_sync ? " =1" : " =0") : "",
		   request->reconnect ? " (reconnect)" : "", how);
}

/* The socket: 0, or -ESRCH when nobody listens. */
static int send_to_server(struct kernel *kernel, struct ulog_request *request,
			  struct receiving_package *package)
{
	uint8_t bytes[ULOG_REQUEST_BYTES + ULOG_PAYLOAD_MAX];
	struct daemon *daemon = kernel->node->daemon;
	int size = ulog_request_encode(request, bytes, sizeof(bytes));

	if (size < 0) {
		check_fail(kernel->world, "a request cannot be encoded: %d", size);
		return -EINVAL;
	}
	package->lost = true;
	if (!daemon) {
		COUNT(kernel->world, UNHEARD);
		trace_request(kernel, request,
			      kernel->world->settings.foreign_listener ? " (unheard)"
								       : " (nobody listens)");
		return kernel->world->settings.foreign_listener ? 0 : -ESRCH;
	}
	package->daemon_epoch = daemon->epoch;
	package->lost = !daemon_push_request(daemon, bytes, (size_t)size);
	if (package->lost)
		COUNT(kernel->world, LOST);
	trace_request(kernel, request, package->lost ? " (lost)" : "");
	return 0;
}

int kernel_consult(struct kernel *kernel, struct ulog_request *request, void *data,
		   size_t *data_size)
{
	for (;;) {
		struct receiving_package package = {
			.kernel = kernel,
			.seq = kernel->ulog_seq++,
			.type = request->type,
			.luid = request->luid,
			.sent_us = kernel->world->clock.now_us,
			.capacity = data_size ? *data_size : 0,
			.data = data,
		};
		int result;

		request->version = 3;
		request->seq = package.seq;
		list_push(&kernel->receiving, &package.list);
		result = send_to_server(kernel, request, &package);
		if (result == 0 && !package.complete)
			waitlist_wait(&package.waiting, RETRY_TIMEOUT_US);
		list_remove(&package.list);
		if (result)
			return result;
		if (!package.complete) {
			COUNT(kernel->world, RESENT);
			continue;
		}
		if (package.error == -EAGAIN)
			continue;
		if (data_size)
			*data_size = package.data_size;
		return package.error;
	}
}
