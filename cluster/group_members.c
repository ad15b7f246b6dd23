/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cluster/group_members.h"

#include <string.h>

static bool node_in(const struct group_member *list, size_t count, uint32_t node)
{
	for (size_t i = 0; i < count; i++)
		if (list[i].node == node)
			return true;
	return false;
}

static bool process_in(const struct group_member *list, size_t count,
		       const struct group_member *process)
{
	for (size_t i = 0; i < count; i++)
		if (list[i].node == process->node && list[i].pid == process->pid)
			return true;
	return false;
}

/* Inserts a node in ascending order, once. False when the view is full. */
static bool add_member(struct view *view, uint32_t node)
{
	size_t at = 0;

	while (at < view->member_count && view->members[at] < node)
		at++;
	if (at < view->member_count && view->members[at] == node)
		return true;
	if (view->member_count == VIEW_NODES_MAX)
		return false;
	memmove(&view->members[at + 1], &view->members[at],
		(view->member_count - at) * sizeof(view->members[0]));
	view->members[at] = node;
	view->member_count++;
	return true;
}

static bool add_change(struct view *view, uint32_t node, enum view_change change, bool with_ring)
{
	if (view->change_count == sizeof(view->changes) / sizeof(view->changes[0]))
		return false;
	view->changes[view->change_count].node = node;
	view->changes[view->change_count].change = change;
	view->changes[view->change_count].with_ring = with_ring;
	view->change_count++;
	return true;
}

/* Was there, before this change and after its leaves, another process of the node? */
static bool takes_a_place(const struct group_members *before, const struct group_confchg *confchg,
			  const struct group_member *joined)
{
	for (size_t i = 0; i < before->count; i++)
		if (before->list[i].node == joined->node && before->list[i].pid != joined->pid &&
		    !process_in(confchg->left, confchg->left_count, &before->list[i]))
			return true;
	return false;
}

static bool make_view(const struct group_members *before, const struct group_confchg *confchg,
		      struct view *view)
{
	bool fits = true;

	view->member_count = 0;
	view->change_count = 0;
	for (size_t i = 0; i < confchg->member_count; i++)
		fits = fits && add_member(view, confchg->members[i].node);
	for (size_t i = 0; i < confchg->left_count; i++) {
		const struct group_member *left = &confchg->left[i];

		/* Another process of it stays, or comes in this very change. */
		if (node_in(confchg->members, confchg->member_count, left->node) &&
		    !node_in(confchg->joined, confchg->joined_count, left->node))
			continue;
		fits = fits && add_change(view, left->node, left->change, false);
	}
	for (size_t i = 0; i < confchg->joined_count; i++) {
		const struct group_member *joined = &confchg->joined[i];

		if (takes_a_place(before, confchg, joined))
			fits = fits && add_change(view, joined->node, VIEW_PROCDOWN, false);
		fits = fits && add_change(view, joined->node, VIEW_JOINED, confchg->with_ring);
	}
	return fits;
}

enum group_members_result group_members_apply(struct group_members *members,
					      const struct group_confchg *confchg,
					      struct view *view)
{
	if (confchg->member_count > GROUP_MEMBERS_MAX || !make_view(members, confchg, view))
		return GROUP_MEMBERS_TOO_MANY;
	if (confchg->member_count)
		memcpy(members->list, confchg->members,
		       confchg->member_count * sizeof(members->list[0]));
	members->count = confchg->member_count;
	return view->change_count ? GROUP_MEMBERS_CHANGED : GROUP_MEMBERS_SAME;
}
