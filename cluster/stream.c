/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cluster/stream.h"

#include <stddef.h>

/* Requests of one stream overtake each other by a few regions. */
#define DISORDER_REGIONS 8

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

bool streams_follow(struct streams *streams, uint32_t region, bool known, uint32_t most,
		    uint64_t *first, uint64_t *end)
{
	struct stream *stream = find(streams, region);
	uint64_t distance;

	streams->moves++;
	if (!stream) {
		begin(streams, region);
		return false;
	}
	stream->used = streams->moves;
	if (region < stream->next)
		return false;
	move(stream, region, known);
	distance = stream->length < most ? stream->length : most;
	if (distance == 0 || stream->ahead > stream->next + distance / 2)
		return false;
	*first = stream->ahead > stream->next ? stream->ahead : stream->next;
	*end = stream->next + distance;
	stream->ahead = *end;
	return *first < *end;
}
