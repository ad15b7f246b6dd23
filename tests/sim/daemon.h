/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One running clogd: the real engine, behind queues such as the daemon's
 * sockets are. Inputs of one source keep their order; between sources the loop
 * takes them as it likes.
 */
#ifndef CLOGD_SIM_DAEMON_H
#define CLOGD_SIM_DAEMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cluster/engine.h"
#include "tests/sim/bus.h"

struct node;
struct world;

enum daemon_source { SOURCE_NETLINK, SOURCE_GROUP, SOURCE_DISK, SOURCE_ADMIN, SOURCES };

enum input_kind {
	INPUT_REQUEST,
	INPUT_MESSAGE,
	INPUT_VIEW,
	INPUT_QUORUM,
	INPUT_DISCONNECTED,
	INPUT_DISK_DONE,
	INPUT_CYCLED,
	INPUT_FENCED,
};

struct input {
	struct input *next;
	enum input_kind kind;
	uint64_t entry_id;
	uint64_t history; /* of its delivery */
	uint32_t node;
	const uint8_t *bytes;
	size_t size;
	const struct view *view;
	enum quorum quorum;
	uint64_t ring;
	uint32_t nodes; /* bits */
	struct disk_result disk;
	const char *uuid;
	int result;
};

struct input_queue {
	struct input *first;
	struct input **last;
	size_t count;
};

struct daemon {
	struct world *world;
	struct node *node;
	uint32_t epoch;
	struct engine *engine; /* NULL: it ended */
	struct input_queue queues[SOURCES];
	bool draining; /* an event is on its way */
	uint64_t paused_until_us;
	uint64_t tick_at_ms; /* of the newest tick asked for */
	uint64_t clock_offset_ms;
	uint32_t disk_writes; /* under way */
	bool stopping;        /* asked to stop: quiescing */
	uint64_t last_entry;  /* the newest of the group's entries it was given */
	uint64_t last_history;
	uint32_t probe_answer;
	bool probe_answered;
	enum quorum quorum;       /* as it was told */
	uint32_t named;           /* bits: the nodes that quorum ever named to it */
	uint64_t joined_since_us; /* 0: not joined */
	bool decides;             /* has the state, in a quorate ring */
	/* Its helper suspends and resumes that mirror; asked for meanwhile, it does so once more. */
	bool cycling[MIRRORS_MAX];
	bool cycle_again[MIRRORS_MAX];
};

#define DAEMON_SOCKET_MAX 64 /* requests that fit a paused daemon's socket */
#define PROBE_SEQ         0xfffffff0U

/* daemon.c */
struct daemon *daemon_start(struct node *node);
/* Killed: what it had in its queues is gone. */
void daemon_kill(struct daemon *daemon);
void daemon_stop(struct daemon *daemon);
void daemon_pause(struct daemon *daemon, uint64_t duration_us);
uint64_t daemon_now_ms(const struct daemon *daemon);
/* Asks the replica itself whether the region is clean; -1 when it cannot tell. */
int daemon_probe_clean(struct daemon *daemon, const char *uuid, uint64_t luid, uint32_t region);

/* daemon_input.c: false when the socket is full. */
bool daemon_push_request(struct daemon *daemon, const uint8_t *bytes, size_t size);
void daemon_push_message(struct daemon *daemon, const struct bus_entry *entry, uint64_t history);
void daemon_push_view(struct daemon *daemon, const struct view *view, uint64_t entry_id);
void daemon_push_quorum(struct daemon *daemon, enum quorum quorum, const struct ring *ring);
void daemon_push_disconnected(struct daemon *daemon);
void daemon_push_disk_done(struct daemon *daemon, const struct disk_result *result,
			   size_t data_size);
void daemon_push_cycled(struct daemon *daemon, const char *uuid, int result);
void daemon_push_fenced(struct daemon *daemon, uint32_t node);
struct input *daemon_next_input(struct daemon *daemon);
void daemon_handle(struct daemon *daemon, const struct input *input);
void daemon_wake(struct daemon *daemon);

/* daemon_ports.c */
extern const struct engine_ports daemon_ports;

#endif
