/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lines that an operator waits for: quorum, what a death costs, how a recovery goes. */
#include "cluster/reports.h"
#include "cluster/engine_internal.h"

#define PROGRESS_MS 60000

typedef unsigned long long ull;

void reports_quorum_lost(struct engine *engine)
{
	engine->quorum_loss_said = true;
	engine_report(engine, REPORT_WARNING, "quorum lost: writes are frozen");
}

void reports_rivals(struct engine *engine)
{
	engine->quorum_loss_said = true;
	engine_report(engine, REPORT_WARNING,
		      "quorate, as others may be: writes are frozen until they are fenced");
}

/* Each change of the cluster freezes for a moment: that is not worth a line. */
void reports_thawed(struct engine *engine)
{
	if (engine->quorum_loss_said)
		engine_report(engine, REPORT_NOTICE, "quorate: writes go on");
	engine->quorum_loss_said = false;
}

void reports_node_down(struct engine *engine, uint32_t node)
{
	engine_report(engine, REPORT_WARNING, "node %u is gone", node);
	for (struct locallog *log = engine->logs; log; log = log->next) {
		const struct regionlog *state = engine_state(engine, log);
		const struct regionlog_node *entry =
			state ? regionlog_find_node(state, node) : NULL;

		if (!entry || regionset_is_empty(entry->marked))
			continue;
		/* What it was copying counts too, but that is out of sync already. */
		engine_report(engine, REPORT_WARNING,
			      "%s: node %u may have been writing %llu regions: they are copied "
			      "again%s",
			      engine_short(log->uuid), node, (ull)regionset_count(entry->marked),
			      engine->settings.fencing ? " once it is fenced" : "");
	}
}

static void report_start(struct engine *engine, struct locallog *log, uint64_t left)
{
	log->sync_started_ms = engine->now_ms;
	log->sync_said_ms = engine->now_ms;
	log->sync_regions = left;
	engine_report(engine, REPORT_NOTICE, "%s: recovery started, %llu regions out of sync",
		      engine_short(log->uuid), (ull)left);
}

static void report_end(struct engine *engine, const struct locallog *log)
{
	engine_report(engine, REPORT_NOTICE, "%s: recovery finished in %llu s, all regions in sync",
		      engine_short(log->uuid),
		      (ull)(engine->now_ms - log->sync_started_ms + 500) / 1000);
}

/* More may have come since the start: then nothing can be said about the time. */
static void report_progress(struct engine *engine, struct locallog *log, uint64_t left)
{
	uint64_t took_ms = engine->now_ms - log->sync_started_ms;
	uint64_t done = left < log->sync_regions ? log->sync_regions - left : 0;

	log->sync_said_ms = engine->now_ms;
	if (done)
		engine_report(engine, REPORT_INFO,
			      "%s: recovery goes on, %llu regions left, about %llu s",
			      engine_short(log->uuid), (ull)left,
			      (ull)(took_ms * left / done / 1000));
	else
		engine_report(engine, REPORT_INFO, "%s: recovery goes on, %llu regions left",
			      engine_short(log->uuid), (ull)left);
}

void reports_follow(struct engine *engine, struct locallog *log)
{
	const struct regionlog *state = engine_state(engine, log);
	bool syncing;

	/* Suspended, perhaps by ourselves: a recovery that was under way goes on behind it. */
	if (!state || !log->active)
		return;
	syncing = !regionset_is_empty(state->unsynced);
	if (syncing && !log->was_syncing)
		report_start(engine, log, regionset_count(state->unsynced));
	else if (!syncing && log->was_syncing)
		report_end(engine, log);
	else if (syncing && engine->now_ms >= log->sync_said_ms + PROGRESS_MS)
		report_progress(engine, log, regionset_count(state->unsynced));
	log->was_syncing = syncing;
}
