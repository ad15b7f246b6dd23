/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemons/clogctl/trouble.h"

#include <inttypes.h>
#include <string.h>

#include "common/text_append.h"
#include "daemons/clogctl/text.h"

static void say_reason(const struct log_status *log, struct trouble *trouble)
{
	text_append(trouble->text, sizeof(trouble->text), "%s%s%s", log->state,
		    *log->reason ? ": " : "", log->reason);
}

static void say_fencing(const struct log_status *log, struct trouble *trouble)
{
	char nodes[280];

	if (!log->lost.count) {
		text_append(trouble->text, sizeof(trouble->text),
			    "a dead node is not known to be fenced; what it wrote waits");
		return;
	}
	text_nodes(nodes, sizeof(nodes), &log->lost);
	text_append(trouble->text, sizeof(trouble->text),
		    "dead %s not known to be fenced; what it wrote waits to be copied: 'clogctl "
		    "fenced %" PRIu64 "' once it cannot write any more",
		    nodes, log->lost.ids[0]);
}

static void say_unsynced(const struct log_status *log, struct trouble *trouble)
{
	char bytes[TEXT_NUMBER];

	text_bytes(bytes, sizeof(bytes), log_unsynced_bytes(log));
	text_append(trouble->text, sizeof(trouble->text),
		    "%" PRIu64 " of %" PRIu64 " regions out of sync (%s), %s",
		    log->regions - log->in_sync, log->regions, bytes,
		    log->recovering.count ? "being copied" : "nobody copies them now");
}

/* For a second after a restart, as a rule; for long only where no clogd runs. */
static void say_unheard(const struct log_status *log, struct trouble *trouble)
{
	char nodes[280] = "";

	text_nodes(nodes, sizeof(nodes), &log->unheard);
	text_append(
		trouble->text, sizeof(trouble->text),
		"what the kernel of %s holds is not known: others copy nothing until clogd there "
		"has suspended it, or 'clogctl fenced %" PRIu64 "' says that the node is off",
		nodes, log->unheard.ids[0]);
}

static bool is_in_state(const struct log_status *log, const char *state)
{
	return strcmp(log->state, state) == 0;
}

size_t log_troubles(const struct log_status *log, struct trouble *troubles)
{
	const struct {
		bool is_so;
		enum severity severity;
		void (*say)(const struct log_status *log, struct trouble *trouble);
		bool in_table;
	} kinds[TROUBLES_MAX] = {
		{is_in_state(log, "frozen") || is_in_state(log, "failed") || log->device_is_dead,
		 SEVERITY_CRITICAL, say_reason, false},
		/* To a node that is cut off all others look dead. */
		{log->waits_for_fencing && !is_in_state(log, "frozen"), SEVERITY_CRITICAL,
		 say_fencing, false},
		{is_in_state(log, "joining"), SEVERITY_WARNING, say_reason, true},
		{log->unheard.count > 0 && log->in_sync < log->regions, SEVERITY_WARNING,
		 say_unheard, false},
		{log->in_sync < log->regions, SEVERITY_WARNING, say_unsynced, true},
	};
	size_t count = 0;

	for (size_t i = 0; i < TROUBLES_MAX; i++) {
		if (!kinds[i].is_so)
			continue;
		troubles[count] = (struct trouble){.severity = kinds[i].severity,
						   .in_table = kinds[i].in_table};
		kinds[i].say(log, &troubles[count]);
		count++;
	}
	return count;
}

enum severity log_severity(const struct log_status *log)
{
	struct trouble troubles[TROUBLES_MAX];

	return log_troubles(log, troubles) ? troubles[0].severity : SEVERITY_FINE;
}

static void say_rivals(const struct node_status *node, struct trouble *trouble)
{
	char rivals[280] = "";

	text_nodes(rivals, sizeof(rivals), &node->rivals);
	text_append(trouble->text, sizeof(trouble->text),
		    "%s may have quorum as well; writes wait for fencing: 'clogctl fenced "
		    "%" PRIu64 "' once it cannot write any more",
		    rivals, node->rivals.ids[0]);
}

void node_trouble(const struct node_status *node, struct trouble *trouble)
{
	char members[280];

	*trouble = (struct trouble){.severity = SEVERITY_FINE};
	if (node->quorate)
		return;
	trouble->severity = SEVERITY_CRITICAL;
	if (node->rivals.count) {
		say_rivals(node, trouble);
		return;
	}
	text_nodes(members, sizeof(members), &node->members);
	if (node->members.count)
		text_append(trouble->text, sizeof(trouble->text), "no quorum: only %s seen",
			    members);
	else
		text_append(trouble->text, sizeof(trouble->text), "Corosync does not answer");
}

enum severity status_severity(const struct status *status)
{
	struct trouble trouble;
	enum severity worst;

	node_trouble(&status->node, &trouble);
	worst = trouble.severity;
	for (size_t i = 0; i < status->log_count; i++) {
		enum severity severity = log_severity(&status->logs[i]);

		if (severity > worst)
			worst = severity;
	}
	return worst;
}
