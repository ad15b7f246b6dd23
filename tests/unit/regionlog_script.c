/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/regionlog_script.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/unit.h"

#define WORDS_MAX 8

/* One step, cut into words. */
struct step {
	const char *words[WORDS_MAX];
	size_t count;
};

static uint32_t number(const struct step *step, size_t index)
{
	char *end;
	unsigned long value;

	assert_true(index < step->count);
	value = strtoul(step->words[index], &end, 10);
	if (*end)
		fail_msg("%s of %s is not a number", step->words[index], step->words[0]);
	return (uint32_t)value;
}

static struct regionset *set_of(const struct step *step, size_t index)
{
	struct regionset *set = regionset_new();
	const char *text;

	assert_true(index < step->count);
	text = step->words[index];
	while (*text && strcmp(text, "-") != 0) {
		char *end;
		unsigned long first = strtoul(text, &end, 10);
		unsigned long last = *end == '-' ? strtoul(end + 1, &end, 10) : first;

		regionset_add_range(set, first, last + 1);
		text = *end == ',' ? end + 1 : end;
	}
	return set;
}

/* --- steps --- */

static void take_words(const struct step *step, size_t from, struct regionlog_attach *attach)
{
	for (size_t i = from; i < step->count; i++) {
		const char *word = step->words[i];

		if (strcmp(word, "nosync") == 0) {
			attach->sync = LOG_SYNC_NONE;
		} else if (strcmp(word, "sync") == 0) {
			attach->sync = LOG_SYNC_FORCE;
		} else if (strcmp(word, "reconnect") == 0) {
			attach->reconnect = true;
		} else if (strcmp(word, "stale") == 0) {
			attach->generation--;
		} else if (strcmp(word, "coarse") == 0) {
			attach->region_size_sectors *= 2;
		} else if (strcmp(word, "unread") == 0) {
			regionset_free(attach->unsynced);
			attach->unsynced = NULL;
		} else {
			fail_msg("no attach is %s", word);
		}
	}
}

static const char *attach(struct regionlog *log, const struct step *step, enum log_type type)
{
	static const char *const results[] = {"ok", "first", "stale", "mismatch"};
	struct regionlog_attach it = {
		.type = type,
		.region_size_sectors = 1024,
		.region_count = number(step, 2),
		.generation = log->generation,
	};
	enum attach_result result;

	if (type == LOG_TYPE_DISK) {
		it.valid_count = number(step, 3);
		it.unsynced = set_of(step, 4);
	}
	take_words(step, type == LOG_TYPE_DISK ? 5 : 3, &it);
	result = regionlog_attach(log, number(step, 1), &it);
	regionset_free(it.unsynced);
	return results[result];
}

static void rejoin(struct regionlog *log, const struct step *step)
{
	struct regionlog_attach it = {.type = log->type, .region_count = number(step, 2)};
	struct regionset *marked = set_of(step, 3);
	struct regionset *primary_only = set_of(step, 4);

	regionlog_rejoin(log, number(step, 1), &it, marked, primary_only);
	regionset_free(marked);
	regionset_free(primary_only);
}

static void expect(struct regionlog *log, const struct step *step)
{
	struct regionset *set = set_of(step, 2);
	uint32_t nodes[16];
	uint32_t count = 0;

	for (uint64_t node = regionset_next(set, 0); node != REGION_NONE;
	     node = regionset_next(set, node + 1))
		nodes[count++] = (uint32_t)node;
	regionlog_expect(log, number(step, 1), nodes, count);
	regionset_free(set);
}

/* Steps with a node alone, or without anything to say; false when it is none of these. */
static bool plain_step(struct regionlog *log, const struct step *step)
{
	static const struct {
		const char *name;
		void (*run)(struct regionlog *log, uint32_t node);
	} steps[] = {
		{"release", regionlog_release}, {"detach", regionlog_detach},
		{"forget", regionlog_forget},   {"daemon", regionlog_daemon_gone},
		{"down", regionlog_node_down},  {"want", regionlog_want},
	};

	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		if (strcmp(step->words[0], steps[i].name) != 0)
			continue;
		steps[i].run(log, number(step, 1));
		return true;
	}
	return false;
}

static const char *bit(bool value)
{
	return value ? "1" : "0";
}

static const char *run_step(struct regionlog *log, const struct step *step)
{
	static char count[16];
	const char *name = step->words[0];

	if (plain_step(log, step))
		return "";
	if (strcmp(name, "core") == 0)
		return attach(log, step, LOG_TYPE_CORE);
	if (strcmp(name, "disk") == 0)
		return attach(log, step, LOG_TYPE_DISK);
	if (strcmp(name, "mark") == 0)
		return bit(regionlog_mark(log, number(step, 1), number(step, 2)));
	if (strcmp(name, "clear") == 0)
		return bit(regionlog_clear(log, number(step, 1), number(step, 2)));
	if (strcmp(name, "fenced") == 0)
		return bit(regionlog_fenced(log, number(step, 1)));
	if (strcmp(name, "done") == 0)
		return bit(regionlog_recovered(log, number(step, 1), number(step, 2), true));
	if (strcmp(name, "fail") == 0)
		return bit(regionlog_recovered(log, number(step, 1), number(step, 2), false));
	if (strcmp(name, "give") == 0) {
		snprintf(count, sizeof(count), "%" PRIu32,
			 regionlog_hand_out(log, number(step, 1), number(step, 2)));
		return count;
	}
	if (strcmp(name, "unsync") == 0)
		regionlog_unsync(log, number(step, 1), number(step, 2));
	else if (strcmp(name, "rejoin") == 0)
		rejoin(log, step);
	else if (strcmp(name, "expect") == 0)
		expect(log, step);
	else
		fail_msg("no step is called %s", name);
	return "";
}

/* --- snapshots --- */

static void check_snapshot(const struct regionlog *log)
{
	struct bytes_buffer first = {0}, second = {0};
	struct bytes_reader reader;
	struct regionlog *copy;

	regionlog_encode(log, &first);
	bytes_reader_init(&reader, first.data, first.size);
	copy = regionlog_decode(&reader);
	assert_non_null(copy);
	assert_true(bytes_reader_done(&reader));
	regionlog_encode(copy, &second);
	assert_int_equal(first.size, second.size);
	assert_memory_equal(first.data, second.data, first.size);
	regionlog_free(copy);
	bytes_free(&first);
	bytes_free(&second);
}

static void run_text(struct regionlog *log, char *text)
{
	char *expected = strchr(text, '=');
	struct step step = {.count = 0};
	const char *result;
	char *rest;

	if (expected)
		*expected++ = '\0';
	for (char *word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		assert_true(step.count < WORDS_MAX);
		step.words[step.count++] = word;
	}
	assert_true(step.count > 0);
	result = run_step(log, &step);
	if (expected && strcmp(result, expected) != 0)
		fail_msg("%s %s: %s, not %s", step.words[0], step.count > 1 ? step.words[1] : "",
			 result, expected);
	check_snapshot(log);
}

void regionlog_script_run(struct regionlog *log, const char *script)
{
	char text[512];
	char *rest;

	assert_true(strlen(script) < sizeof(text));
	strcpy(text, script);
	for (char *step = strtok_r(text, ";", &rest); step; step = strtok_r(NULL, ";", &rest))
		run_text(log, step);
}

/* --- the state as text --- */

static void put(char *text, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void put(char *text, size_t size, const char *format, ...)
{
	size_t length = strlen(text);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text + length, size - length, format, arguments);
	va_end(arguments);
	assert_true(strlen(text) + 1 < size);
}

static void put_set(char *text, size_t size, const char *name, const struct regionset *set)
{
	uint64_t first = regionset_next(set, 0);

	if (first == REGION_NONE)
		return;
	put(text, size, " %s=", name);
	while (first != REGION_NONE) {
		uint64_t last = first;

		while (regionset_next(set, last + 1) == last + 1)
			last++;
		put(text, size, last > first ? "%" PRIu64 "-%" PRIu64 : "%" PRIu64, first, last);
		first = regionset_next(set, last + 1);
		if (first != REGION_NONE)
			put(text, size, ",");
	}
}

void regionlog_script_describe(const struct regionlog *log, char *text, size_t size)
{
	text[0] = '\0';
	put(text, size, "%" PRIu64 " w%" PRIu32, log->region_count, log->writer);
	put_set(text, size, "u", log->unsynced);
	for (size_t i = 0; i < log->wanted_count; i++)
		put(text, size, i ? ",%" PRIu32 : " q=%" PRIu32, log->wanted[i]);
	for (size_t i = 0; i < log->node_count; i++) {
		const struct regionlog_node *node = &log->nodes[i];

		put(text, size, " | %" PRIu32 " %s%s%s%s%s", node->node, node->holds ? "H" : "",
		    node->attached ? "A" : "", node->absent ? "X" : "", node->lost ? "L" : "",
		    node->opaque ? "O" : "");
		put_set(text, size, "m", node->marked);
		put_set(text, size, "p", node->primary_only);
		put_set(text, size, "k", node->working);
		put_set(text, size, "t", node->tainted);
	}
}
