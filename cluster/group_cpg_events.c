/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What Corosync says: its callbacks, in its terms, become the group's. */
#include <qb/qblog.h>

#include "cluster/group_cpg_internal.h"

static struct group_cpg *group_of_cpg(cpg_handle_t handle)
{
	void *context = NULL;

	return cpg_context_get(handle, &context) == CS_OK ? context : NULL;
}

static void report_quorum(struct group_cpg *group)
{
	enum quorum quorum;

	if (group->joined && group_quorum_take(&group->quorum, &quorum))
		group->callbacks.quorum(group->callbacks.context, quorum,
					group->quorum.quorum_ring.seq, group->quorum.nodes,
					group->quorum.node_count);
}

static void deliver(cpg_handle_t handle, const struct cpg_name *name, uint32_t node, uint32_t pid,
		    void *bytes, size_t size)
{
	struct group_cpg *group = group_of_cpg(handle);

	(void)name;
	(void)pid;
	if (group && !group->broken)
		group->callbacks.message(group->callbacks.context, node, bytes, size);
}

static enum view_change change_of(uint32_t reason)
{
	switch (reason) {
	case CPG_REASON_LEAVE:
		return VIEW_LEFT;
	case CPG_REASON_PROCDOWN:
		return VIEW_PROCDOWN;
	default:
		return VIEW_NODEDOWN;
	}
}

/* Copies what fits, and returns the whole count, so that too many are seen as such. */
static size_t copy_members(struct group_member *out, const struct cpg_address *from, size_t count)
{
	for (size_t i = 0; i < count && i < GROUP_MEMBERS_MAX; i++)
		out[i] = (struct group_member){
			.node = from[i].nodeid,
			.pid = from[i].pid,
			.change = change_of(from[i].reason),
		};
	return count;
}

static bool ring_change_in(const struct cpg_address *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (list[i].reason == CPG_REASON_NODEDOWN || list[i].reason == CPG_REASON_NODEUP)
			return true;
	return false;
}

static void apply_confchg(struct group_cpg *group, const struct group_confchg *confchg)
{
	struct view view;

	switch (group_members_apply(&group->members, confchg, &view)) {
	case GROUP_MEMBERS_CHANGED:
		group->joined = true;
		group->callbacks.view(group->callbacks.context, &view);
		report_quorum(group);
		break;
	case GROUP_MEMBERS_SAME:
		break;
	case GROUP_MEMBERS_TOO_MANY:
		qb_log(LOG_ERR, "more than %d nodes run clogd: this one stays out", VIEW_NODES_MAX);
		group_cpg_mark_broken(group);
		break;
	}
}

static void confchg(cpg_handle_t handle, const struct cpg_name *name,
		    const struct cpg_address *members, size_t member_count,
		    const struct cpg_address *left, size_t left_count,
		    const struct cpg_address *joined, size_t joined_count)
{
	struct group_cpg *group = group_of_cpg(handle);
	struct group_member lists[3][GROUP_MEMBERS_MAX];
	struct group_confchg change = {
		.members = lists[0],
		.member_count = copy_members(lists[0], members, member_count),
		.left = lists[1],
		.left_count = copy_members(lists[1], left, left_count),
		.joined = lists[2],
		.joined_count = copy_members(lists[2], joined, joined_count),
		.with_ring = ring_change_in(joined, joined_count),
	};

	(void)name;
	if (!group || group->broken)
		return;
	if (ring_change_in(left, left_count) || ring_change_in(joined, joined_count)) {
		group_quorum_ring_changes(&group->quorum);
		report_quorum(group);
	}
	apply_confchg(group, &change);
}

/* The last word of a ring change: all its views were delivered. */
static void totem_confchg(cpg_handle_t handle, struct cpg_ring_id ring, uint32_t member_count,
			  const uint32_t *members)
{
	struct group_cpg *group = group_of_cpg(handle);

	(void)member_count;
	(void)members;
	if (!group || group->broken)
		return;
	group_quorum_ring_is(&group->quorum,
			     (struct group_ring){.node = ring.nodeid, .seq = ring.seq});
	report_quorum(group);
}

static void quorum_notify(quorum_handle_t handle, uint32_t quorate, struct quorum_ring_id ring,
			  uint32_t member_count, const uint32_t *members)
{
	const void *context = NULL;
	struct group_cpg *group;

	if (quorum_context_get(handle, &context) != CS_OK || !context)
		return;
	group = (struct group_cpg *)(uintptr_t)context;
	if (group->broken)
		return;
	group_quorum_said(&group->quorum, (struct group_ring){.node = ring.nodeid, .seq = ring.seq},
			  quorate != 0, members, member_count);
	report_quorum(group);
}

void group_cpg_set_events(struct cpg_link_request *request)
{
	request->cpg_model = (cpg_model_v1_data_t){
		.model = CPG_MODEL_V1,
		.cpg_deliver_fn = deliver,
		.cpg_confchg_fn = confchg,
		.cpg_totem_confchg_fn = totem_confchg,
		.flags = CPG_MODEL_V1_DELIVER_INITIAL_TOTEM_CONF,
	};
	request->quorum_model = (quorum_model_v1_data_t){
		.model = QUORUM_MODEL_V1,
		.quorum_notify_fn = quorum_notify,
	};
}
