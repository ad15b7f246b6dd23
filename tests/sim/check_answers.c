/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "tests/sim/check.h"
#include "tests/sim/check_internal.h"
#include "tests/sim/daemon.h"
#include "tests/sim/disk.h"
#include "tests/sim/kernel_log.h"
#include "tests/sim/mirror.h"
#include "tests/sim/node.h"
#include "tests/sim/world.h"

#define ANSWER_LIMIT_US   (5 * US_PER_S)
#define OVERDUE_TICKS_MAX 1000

void check_answer(const struct receiving_package *package, const struct ulog_reply *reply)
{
	struct kernel *kernel = package->kernel;
	struct world *world = kernel->world;
	uint32_t node = kernel->node->id, slot = reply->seq % ANSWERED_SLOTS;

	if (package->complete)
		check_fail(world, "node %u: two answers to request %u", node, reply->seq);
	if (reply->type != package->type || reply->luid != package->luid)
		check_fail(world, "node %u: request %u is %s of %llx, its answer is %s of %llx",
			   node, reply->seq, ulog_type_name(package->type),
			   (unsigned long long)package->luid, ulog_type_name(reply->type),
			   (unsigned long long)reply->luid);
	world->checks->answered[node][slot].seq = reply->seq;
	world->checks->answered[node][slot].power_epoch = kernel->node->power_epoch;
}

/* Without quorum the others may give the region away: no write may begin. */
void check_frozen(const struct daemon *daemon, const struct ulog_reply *reply)
{
	if (reply->type == ULOG_MARK_REGION && !reply->error && daemon->quorum != QUORUM_YES)
		check_fail(daemon->world, "node %u: MARK (request %u) is answered without quorum",
			   daemon->node->id, reply->seq);
}

void check_stray_answer(struct kernel *kernel, const struct ulog_reply *reply)
{
	uint32_t node = kernel->node->id, slot = reply->seq % ANSWERED_SLOTS;

	if (kernel->world->checks->answered[node][slot].seq == reply->seq &&
	    kernel->world->checks->answered[node][slot].power_epoch == kernel->node->power_epoch)
		check_fail(kernel->world, "node %u: a second answer to request %u", node,
			   reply->seq);
}

/* While all is well, no request waits for long. Lost ones are the kernel's to send again. */
void check_answers_in_time(struct world *world)
{
	uint64_t now_us = world->clock.now_us;

	for (uint32_t id = 1; id <= world->settings.node_count; id++) {
		struct node *node = world->nodes[id];

		if (!node->kernel || !node->daemon)
			continue;
		for (struct list *at = node->kernel->receiving.next; at != &node->kernel->receiving;
		     at = at->next) {
			struct receiving_package *package =
				list_entry(at, struct receiving_package, list);

			if (package->lost || package->daemon_epoch != node->daemon->epoch ||
			    package->complete)
				continue;
			if (now_us - package->sent_us > ANSWER_LIMIT_US &&
			    now_us - world->healthy_since_us > ANSWER_LIMIT_US)
				check_fail(world,
					   "node %u: %s (request %u, luid %llx) waits since %llu "
					   "ms while all is well",
					   id, ulog_type_name(package->type), package->seq,
					   (unsigned long long)package->luid,
					   (unsigned long long)((now_us - package->sent_us) /
								US_PER_MS));
		}
	}
}

/*
 * A RESUME that fails in a reconnect fails the request behind it: a write may
 * then go to one leg, unmarked. No daemon may say so. When nobody listens at
 * that moment the kernel does it to itself, and all promises end.
 */
void check_resume_refused(struct kernel_log *log, int result)
{
	struct world *world = log->kernel->world;
	struct disk *disk = log->mirror->log_disk;
	uint32_t node = log->kernel->node->id;

	log->failures++;
	COUNT(world, RECONNECT_FAILED);
	TRACE(world, node, "the log is lost to the kernel: RESUME answered %d", result);
	if (!log->kernel->node->daemon)
		check_spoil(world);
	else if (!(disk && disk->was_bad))
		check_fail(world, "node %u: RESUME in a reconnect is answered %d", node, result);
}

/* A deadline that is still in the past after a tick: the daemon would poll without end. */
void check_ticked(struct daemon *daemon)
{
	struct world *world = daemon->world;
	uint32_t *count = &world->checks->overdue_ticks[daemon->node->id];

	*count = engine_deadline_ms(daemon->engine) <= daemon_now_ms(daemon) ? *count + 1 : 0;
	if (*count > OVERDUE_TICKS_MAX)
		check_fail(world, "node %u: the loop spins: the deadline stays in the past",
			   daemon->node->id);
}
