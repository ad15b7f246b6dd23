/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemons/clogctl/rates.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

#define SAMPLES   64
#define PERIOD_MS 10000 /* older samples do not count */

struct sample {
	uint64_t at_ms;
	uint64_t in_sync_bytes;
	uint64_t unsynced_bytes;
	uint64_t requests;
};

struct track {
	char *uuid;
	uint64_t regions;
	struct sample samples[SAMPLES]; /* oldest first */
	size_t count;
};

struct rates {
	struct track *tracks;
	size_t count;
};

struct rates *rates_new(void)
{
	return memory_new(1, sizeof(struct rates));
}

static void free_tracks(struct track *tracks, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(tracks[i].uuid);
	free(tracks);
}

void rates_free(struct rates *rates)
{
	if (!rates)
		return;
	free_tracks(rates->tracks, rates->count);
	free(rates);
}

static size_t find(const struct rates *rates, const char *uuid)
{
	size_t at = 0;

	while (at < rates->count &&
	       !(rates->tracks[at].uuid && strcmp(rates->tracks[at].uuid, uuid) == 0))
		at++;
	return at;
}

static uint64_t requests_of(const struct log_status *log)
{
	for (size_t i = 0; i < log->counters.count; i++)
		if (strcmp(log->counters.entries[i].name, "requests") == 0)
			return log->counters.entries[i].value;
	return 0;
}

/* Regions that were lost, another size, another daemon: no rate can be told across that. */
static bool is_broken(const struct track *track, const struct log_status *log,
		      const struct sample *sample)
{
	const struct sample *last = &track->samples[track->count - 1];

	return track->regions != log->regions || sample->in_sync_bytes < last->in_sync_bytes ||
	       sample->requests < last->requests;
}

static void drop_oldest(struct track *track, size_t count)
{
	track->count -= count;
	memmove(track->samples, track->samples + count, track->count * sizeof(*track->samples));
}

static void add_sample(struct track *track, uint64_t now_ms, const struct log_status *log)
{
	struct sample sample = {
		.at_ms = now_ms,
		.in_sync_bytes = log->in_sync * log->region_bytes,
		.unsynced_bytes = log_unsynced_bytes(log),
		.requests = requests_of(log),
	};
	size_t old = 0;

	if (track->count && is_broken(track, log, &sample))
		track->count = 0;
	track->regions = log->regions;
	/* One that is old enough stays, so that a slow reader has something to compare with. */
	while (old + 1 < track->count && track->samples[old + 1].at_ms + PERIOD_MS <= now_ms)
		old++;
	if (track->count - old == SAMPLES)
		old++;
	drop_oldest(track, old);
	track->samples[track->count++] = sample;
}

void rates_add(struct rates *rates, uint64_t now_ms, const struct status *status)
{
	struct track *kept = memory_new(status->log_count + 1, sizeof(*kept));

	for (size_t i = 0; i < status->log_count; i++) {
		size_t at = find(rates, status->logs[i].uuid);

		if (at < rates->count) {
			kept[i] = rates->tracks[at];
			rates->tracks[at].uuid = NULL;
		} else {
			kept[i].uuid = memory_string(status->logs[i].uuid);
		}
		add_sample(&kept[i], now_ms, &status->logs[i]);
	}
	free_tracks(rates->tracks, rates->count);
	rates->tracks = kept;
	rates->count = status->log_count;
}

struct log_rate rates_of(const struct rates *rates, const char *uuid)
{
	struct log_rate rate = {.known = false};
	size_t at = find(rates, uuid);
	const struct sample *first;
	const struct sample *last;
	uint64_t ms;

	if (at == rates->count || rates->tracks[at].count < 2)
		return rate;
	first = &rates->tracks[at].samples[0];
	last = &rates->tracks[at].samples[rates->tracks[at].count - 1];
	ms = last->at_ms - first->at_ms;
	if (!ms)
		return rate;
	rate.known = true;
	rate.sync_bytes_per_second =
		(uint64_t)((double)(last->in_sync_bytes - first->in_sync_bytes) * 1000 /
			   (double)ms);
	rate.requests_per_second = (double)(last->requests - first->requests) * 1000 / (double)ms;
	if (rate.sync_bytes_per_second)
		rate.seconds_left = (last->unsynced_bytes + rate.sync_bytes_per_second - 1) /
				    rate.sync_bytes_per_second;
	return rate;
}
