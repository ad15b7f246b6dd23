/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cluster/stream.h"

#include <stddef.h>

/*
 * Requests of one stream overtake each other by a few regions; and the kernel marks those of one flush backwards
 * (dm-log-userspace-base.c: mark_region() puts each at the head of the list).
 */
#define DISORDER_REGIONS 8
/* How many times its length ahead: each message, on every node, costs more than the copy of some regions after a crash. */
#define AHEAD_FACTOR 4
/* Marks of all streams since it moved: later it has ended, or is slow. */
#define RUNNING_MOVES 256

static bool belongs_to(const struct stream *stream, uint32_t region)
{
	uint64_t end = stream->ahead > stream->next ? stream->ahead : stream->next;

	return stream->length > 0 && (uint64_t)region + DISORDER_REGIONS >= stream->next &&
	       region <= end;
}

static struct stream *oldest(struct streams *streams)
{
	struct stream *oldest = &streams->slots[0];

	for (size_t i = 1; i < STREAM_COUNT; i++)
		if (streams->slots[i].used < oldest->used)
			oldest = &streams->slots[i];
	return oldest;
}

static struct stream *find(struct streams *streams, uint32_t region)
{
	for (size_t i = 0; i < STREAM_COUNT; i++)
		if (belongs_to(&streams->slots[i], region))
			return &streams->slots[i];
	return NULL;
}

static void begin(struct streams *streams, uint32_t region)
{
	*oldest(streams) =
		(struct stream){.next = (uint64_t)region + 1, .length = 1, .used = streams->moves};
}

static void move(struct stream *stream, uint32_t region, bool known)
{
	if (region < stream->ahead && !known) {
		/* Let go before it was needed: too far ahead for so slow a stream. */
		stream->ahead = (uint64_t)region + 1;
		stream->length = stream->length / 2;
	}
	stream->length += (uint32_t)(region + 1 - stream->next);
	stream->next = (uint64_t)region + 1;
}

/* Just before all that it has come: of the write with which it begins, whose last region was marked first. */
static bool precedes(const struct stream *stream, uint32_t region)
{
	return (uint64_t)region + 1 + stream->length == stream->next;
}

static bool is_running(const struct streams *streams, const struct stream *stream)
{
	return stream->length > 1 && streams->moves - stream->used < RUNNING_MOVES;
}

static uint64_t wanted_by(const struct stream *stream)
{
	return (uint64_t)stream->length * AHEAD_FACTOR;
}

/* The most that one may have, for all that run to find room: who wants less leaves the rest to the others. */
static uint64_t share_of_each(const struct streams *streams, uint64_t room)
{
	for (uint64_t share = 0;;) {
		uint64_t rest = room;
		uint32_t want_more = 0;

		for (size_t i = 0; i < STREAM_COUNT; i++) {
			const struct stream *stream = &streams->slots[i];

			if (!is_running(streams, stream))
				continue;
			if (wanted_by(stream) > share)
				want_more++;
			else
				rest -= wanted_by(stream);
		}
		if (want_more == 0)
			return room;
		if (rest / want_more <= share)
			return share;
		share = rest / want_more;
	}
}

static uint64_t smaller(uint64_t one, uint64_t other)
{
	return one < other ? one : other;
}

/* How far ahead of this one. */
static uint64_t distance_of(const struct streams *streams, const struct stream *stream,
			    const struct stream_limits *limits)
{
	uint64_t most = smaller(limits->each, share_of_each(streams, limits->all));

	return smaller(wanted_by(stream), most);
}

/* Marks ahead when not more than these parts of the distance are left. */
static bool reach_out(const struct streams *streams, struct stream *stream,
		      const struct regionset *marked, const struct stream_limits *limits,
		      uint32_t quarters_left, uint64_t *first, uint64_t *end)
{
	uint64_t distance = distance_of(streams, stream, limits);

	if (distance == 0 || stream->ahead > stream->next + distance * quarters_left / 4)
		return false;
	*first = stream->ahead > stream->next ? stream->ahead : stream->next;
	*end = stream->next + distance;
	while (*first < *end && regionset_contains(marked, (uint32_t)*first))
		(*first)++;
	if (*first >= *end) {
		/* As in a hot set, where random writes look like streams: nothing is needed there. */
		stream->length = 1;
		return false;
	}
	stream->ahead = *end;
	return true;
}

bool streams_follow(struct streams *streams, uint32_t region, const struct regionset *marked,
		    const struct stream_limits *limits, uint64_t *first, uint64_t *end)
{
	struct stream *stream = find(streams, region);

	streams->moves++;
	if (!stream) {
		begin(streams, region);
		return false;
	}
	stream->used = streams->moves;
	if (region >= stream->next)
		move(stream, region, regionset_contains(marked, region));
	else if (precedes(stream, region))
		stream->length++;
	else
		return false;
	return reach_out(streams, stream, marked, limits, 1, first, end);
}

bool streams_top_up(struct streams *streams, const struct regionset *marked,
		    const struct stream_limits *limits, uint64_t *first, uint64_t *end)
{
	for (size_t i = 0; i < STREAM_COUNT; i++)
		if (is_running(streams, &streams->slots[i]) &&
		    reach_out(streams, &streams->slots[i], marked, limits, 3, first, end))
			return true;
	return false;
}
