/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cluster/ended.h"

void ended_init(struct ended *ended)
{
	*ended = (struct ended){.older = regionset_new(), .newer = regionset_new()};
}

void ended_free(struct ended *ended)
{
	regionset_free(ended->older);
	regionset_free(ended->newer);
}

void ended_forget(struct ended *ended)
{
	regionset_clear(ended->older);
	regionset_clear(ended->newer);
}

void ended_sent(struct ended *ended, const struct wire_op *op)
{
	bool copied = op->kind == OP_WORK && op->region_count > 0;

	if (copied)
		regionset_add_many(ended->newer, op->regions, op->region_count);
	if (op->other_count > 0)
		regionset_add_many(ended->newer, op->others, op->other_count);
	if (copied || op->other_count > 0)
		ended->newer_ticket = op->ticket;
}

void ended_ordered(struct ended *ended, uint64_t ticket)
{
	ended->ordered_ticket = ticket;
}

void ended_settle(struct ended *ended)
{
	if (ended->ordered_ticket < ended->older_ticket ||
	    (regionset_is_empty(ended->older) && regionset_is_empty(ended->newer)))
		return;
	regionset_move(ended->older, ended->newer);
	ended->older_ticket = ended->newer_ticket;
}

void ended_collect(const struct ended *ended, struct regionset *into)
{
	regionset_add_all(into, ended->older);
	regionset_add_all(into, ended->newer);
}
