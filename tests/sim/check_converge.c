/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a cluster that nothing hurts any more must come to. */
#include "tests/sim/check.h"
#include "tests/sim/daemon.h"
#include "tests/sim/mapped_device.h"
#include "tests/sim/mirror.h"
#include "tests/sim/node.h"
#include "tests/sim/world.h"

bool check_all_joined(struct world *world)
{
	for (uint32_t id = 1; id <= world->settings.node_count; id++) {
		struct daemon *daemon = world->nodes[id]->daemon;
		struct engine_status status;

		if (!daemon)
			return false;
		engine_status(daemon->engine, &status);
		if (!status.joined || !status.quorate ||
		    status.member_count != world->settings.node_count)
			return false;
	}
	return true;
}

/* No client waits, no device is in somebody's hands. */
bool check_all_quiet(struct world *world)
{
	for (uint32_t id = 1; id <= world->settings.node_count; id++)
		for (uint32_t i = 0; i < world->settings.mirror_count; i++) {
			const struct mapped_device *device = world->nodes[id]->kernel->devices[i];

			if (!device || !device->live || device->administration.held ||
			    device->open_count || device->pending_io || device->suspended)
				return false;
		}
	return true;
}

struct sync_sum {
	struct world *world;
	uint32_t node;
	uint32_t logs;
	bool is_explaining;
	bool fine;
};

static void visit(void *context, const struct engine_log_status *log)
{
	struct sync_sum *sum = context;
	FILE *out = sum->world->trace.explain;

	sum->logs++;
	if (log->in_sync != log->regions || log->dirty ||
	    log->attached_count != sum->world->settings.node_count)
		sum->fine = false;
	if (sum->is_explaining)
		fprintf(out,
			"  node %u: %s is %s: %llu of %llu in sync, %llu dirty, %llu retained "
			"here, %zu attached, %zu recovering, health %c%s\n",
			sum->node, log->uuid, log->state, (unsigned long long)log->in_sync,
			(unsigned long long)log->regions, (unsigned long long)log->dirty,
			(unsigned long long)log->retained, log->attached_count,
			log->recovering_count, log->health,
			log->waits_for_fencing ? ", waits for fencing" : "");
}

bool check_all_in_sync(struct world *world)
{
	struct sync_sum sum = {.world = world, .fine = true};

	if (!check_all_joined(world) || !check_all_quiet(world))
		return false;
	for (uint32_t id = 1; id <= world->settings.node_count; id++) {
		sum.logs = 0;
		engine_status_logs(world->nodes[id]->daemon->engine, &sum, visit);
		if (sum.logs != world->settings.mirror_count)
			return false;
	}
	return sum.fine;
}

static void explain_regions(FILE *out, const struct node *node, const struct mirror_set *set)
{
	static const char states[] = {'c', 'd', 'n', 'r'};

	fprintf(out, "  node %u: %s: marked and promised:", node->id, set->mirror->uuid);
	for (uint32_t i = 0; i < set->region_count; i++)
		if (set->log->promised[i])
			fprintf(out, " %u", i);
	fprintf(out, "; in the hash:");
	for (uint32_t i = 0; i < set->region_count; i++)
		if (set->hash.regions[i])
			fprintf(out, " %u%c%u", i, states[set->hash.regions[i]->state],
				set->hash.regions[i]->pending);
	fprintf(out, "\n");
}

static void explain_kernel(const struct node *node)
{
	FILE *out = node->world->trace.explain;

	for (uint32_t i = 0; i < node->world->settings.mirror_count && node->kernel; i++) {
		const struct mapped_device *device = node->kernel->devices[i];

		if (!device || !device->live) {
			fprintf(out, "  node %u: no device %u\n", node->id, i);
			continue;
		}
		fprintf(out,
			"  node %u: device %u: %s%sopen %u, io %u, hint %llu%s%s, recovery count "
			"%u\n",
			node->id, i, device->suspended ? "suspended, " : "",
			device->administration.held ? "administered, " : "", device->open_count,
			device->pending_io, (unsigned long long)device->live->log->in_sync_hint,
			device->live->log_failure ? ", log failure" : "",
			device->live->leg_failure ? ", leg failure" : "",
			device->live->hash.recovery_count);
		explain_regions(out, node, device->live);
	}
	for (const struct list *at = node->kernel ? node->kernel->receiving.next : NULL;
	     at && at != &node->kernel->receiving; at = at->next) {
		const struct receiving_package *package =
			list_entry(at, struct receiving_package, list);

		fprintf(out, "  node %u: %s (request %u, luid %llx) waits since %llu ms%s\n",
			node->id, ulog_type_name(package->type), package->seq,
			(unsigned long long)package->luid,
			(unsigned long long)((node->world->clock.now_us - package->sent_us) /
					     US_PER_MS),
			package->lost ? " (lost)" : "");
	}
}

void check_explain(struct world *world)
{
	struct sync_sum sum = {.world = world, .is_explaining = true, .fine = true};
	FILE *out = world->trace.explain;

	if (!out)
		return;

	for (uint32_t id = 1; id <= world->settings.node_count; id++) {
		struct node *node = world->nodes[id];
		struct engine_status status;

		explain_kernel(node);
		if (!node->daemon) {
			fprintf(out, "  node %u: no daemon\n", id);
			continue;
		}
		engine_status(node->daemon->engine, &status);
		fprintf(out, "  node %u: %s, %s, %zu members\n", id,
			status.joined ? "joined" : "not joined",
			status.quorate ? "quorate" : "not quorate", status.member_count);
		sum.node = id;
		engine_status_logs(node->daemon->engine, &sum, visit);
	}
}
