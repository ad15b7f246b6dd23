/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Some engines in one process: a perfect ordered bus, log devices in memory,
 * kernels that only send what the test tells them to, and a clock that moves
 * when the test says so. Every reply is checked against what the kernel of
 * that request takes, and every request has exactly one answer.
 *
 * Nothing moves by itself: after an input, harness_run() delivers messages and
 * completes disk jobs until there is nothing left; `hold_bus` and `hold_disk`
 * keep them back, the step functions let single ones through.
 */
#ifndef CLOGD_TESTS_LIB_ENGINE_HARNESS_H
#define CLOGD_TESTS_LIB_ENGINE_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cluster/engine.h"

#define HARNESS_NODES_MAX 4
#define HARNESS_UUID      "LVM-harness-log"
#define HARNESS_DEVICE    "254:3"

/* A request as the kernel sees it. */
struct harness_request {
	struct ulog_request request;
	bool dropped; /* sent again with a new seq, or its daemon died: an answer is not due */
	bool answered;
	uint64_t answered_ms;
	struct ulog_reply reply;
};

struct harness_node {
	struct harness *harness;
	uint32_t id;
	struct engine *engine; /* NULL: no daemon */
	bool up;               /* the machine runs */
	bool member;           /* of the group, as far as views were delivered */
	unsigned int side;     /* of a partition */
	bool refuses_sends;    /* -EAGAIN */
	unsigned int starts;
	/* Since the last harness_count_from_here(). */
	unsigned int messages, disk_reads, disk_writes;
	char reports[4096]; /* lines for an operator; what is too much is left out */
	/* Since the start. */
	unsigned int cycles, wakes, errors_reported;
	char cycle_uuid[ULOG_UUID_SIZE];
	char last_report[512];
	/* What the daemons keep for their successors on this machine. */
	struct harness_memory {
		char uuid[ULOG_UUID_SIZE];
		uint32_t nodes[HARNESS_NODES_MAX];
		size_t count;
	} memory[4];
	struct harness_one_leg {
		char uuid[ULOG_UUID_SIZE];
		uint64_t luid;
		uint32_t regions[8];
		size_t count;
	} one_leg; /* of the last log that had any */
	struct harness_request *requests;
	size_t request_count, request_capacity;
	uint32_t last_seq;
};

struct harness_device {
	struct harness_device *next;
	char name[LOGARGS_DEVICE_SIZE];
	uint32_t major, minor;
	uint32_t block_bytes;
	uint64_t size_bytes;
	uint8_t *bytes;
	bool fails;   /* each read and write: -EIO */
	bool is_gone; /* it cannot be opened: -ENXIO */
	int opens;    /* handles that are open now */
};

struct harness_event;
struct harness_job;

struct harness {
	uint64_t now_ms;
	struct engine_settings settings; /* of daemons that start from now on */
	const char *uuid;                /* of the requests that the helpers send */
	uint32_t version;                /* of these requests; 3 */
	struct harness_node nodes[HARNESS_NODES_MAX];
	size_t node_count;
	bool hold_bus, hold_disk;
	struct harness_event *first_event, **last_event;
	struct harness_job *first_job, **last_job;
	struct harness_device *devices;
	uint64_t events_delivered;
};

/* --- engine_harness.c: the cluster --- */
/* Nodes 1 .. node_count with daemons in one quorate group; `settings` may be NULL. */
struct harness *harness_new(size_t node_count, const struct engine_settings *settings);
/* The same, but no daemon runs. */
struct harness *harness_new_stopped(size_t node_count, const struct engine_settings *settings);
void harness_free(struct harness *harness);
struct harness_node *harness_node(struct harness *harness, uint32_t node);
/* What happens to daemons and nodes; ordered behind what is on the bus already. */
void harness_start(struct harness *harness, uint32_t node);
void harness_kill(struct harness *harness, uint32_t node);      /* the daemon dies */
void harness_leave(struct harness *harness, uint32_t node);     /* the daemon ends */
void harness_node_down(struct harness *harness, uint32_t node); /* the machine dies */
void harness_quorum(struct harness *harness, uint32_t node, enum quorum quorum);
/* The nodes from `node` on are cut off without quorum, and come back. The bus must be empty. */
void harness_cut_off(struct harness *harness, uint32_t node);
void harness_heal(struct harness *harness);

/* --- engine_harness_run.c: time and steps --- */
void harness_run(struct harness *harness);
/* Lets time pass, with ticks when the engines ask for them. */
void harness_advance(struct harness *harness, uint64_t ms);
bool harness_step_bus(struct harness *harness);
bool harness_step_disk(struct harness *harness);
void harness_count_from_here(struct harness *harness);
/* All joined engines at one position say the same. */
void harness_assert_equal_digests(struct harness *harness);
/* Asks the engine to end until it is ready; fails when it never is. */
void harness_quiesce(struct harness *harness, uint32_t node);

/* --- engine_harness_disk.c --- */
/* The device of that name; made with zeroes, 1 MiB in blocks of 512 bytes, when it is not there yet. */
struct harness_device *harness_device(struct harness *harness, const char *name);
void harness_device_set_header(struct harness_device *device, uint32_t magic, uint32_t version,
			       uint64_t region_count);
uint64_t harness_device_region_count(const struct harness_device *device);
void harness_device_set_bits(struct harness_device *device, uint64_t first, uint64_t end,
			     bool clean);
bool harness_device_is_clean(const struct harness_device *device, uint64_t region);
/* How many of the regions below `end` are clean. */
uint64_t harness_device_count_clean(const struct harness_device *device, uint64_t end);

/* --- engine_harness_requests.c: the kernels --- */
/* A request as it comes from the connector. The decoder's error, or 0 when the engine has it. */
int harness_raw(struct harness *harness, uint32_t node, const void *bytes, size_t size);
/* These return the request's seq; none runs the bus. */
uint32_t harness_send(struct harness *harness, uint32_t node, enum ulog_type type, uint64_t luid);
uint32_t harness_send_regions(struct harness *harness, uint32_t node, enum ulog_type type,
			      uint64_t luid, const uint64_t *regions, uint32_t count);
uint32_t harness_send_set_sync(struct harness *harness, uint32_t node, uint64_t luid,
			       uint64_t region, bool in_sync);
uint32_t harness_send_ctr(struct harness *harness, uint32_t node, uint64_t luid,
			  const char *constructor, bool reconnect);
/* The kernel waited long enough: the same again under a new seq. */
uint32_t harness_send_again(struct harness *harness, uint32_t node, uint32_t seq);
bool harness_is_answered(struct harness *harness, uint32_t node, uint32_t seq);
/* The answer that must be there. */
const struct ulog_reply *harness_answer(struct harness *harness, uint32_t node, uint32_t seq);
uint64_t harness_value(const struct ulog_reply *reply, size_t index);
/* Requests that are due and have no answer. */
size_t harness_unanswered(const struct harness *harness, uint32_t node);

/* --- engine_harness_kernel.c: send, run, and give the answer, which must come --- */
const struct ulog_reply *harness_ask(struct harness *harness, uint32_t node, enum ulog_type type,
				     uint64_t luid);
const struct ulog_reply *harness_ask_region(struct harness *harness, uint32_t node,
					    enum ulog_type type, uint64_t luid, uint64_t region);
void harness_set_sync(struct harness *harness, uint32_t node, uint64_t luid, uint64_t region,
		      bool in_sync);
/* GET_RESYNC_WORK: the region, or UINT64_MAX for none. */
uint64_t harness_get_work(struct harness *harness, uint32_t node, uint64_t luid);
bool harness_in_sync(struct harness *harness, uint32_t node, uint64_t luid, uint64_t region);
uint64_t harness_sync_count(struct harness *harness, uint32_t node, uint64_t luid);
/* Whole sequences that must succeed. */
void harness_construct(struct harness *harness, uint32_t node, uint64_t luid,
		       const char *constructor);
void harness_activate(struct harness *harness, uint32_t node, uint64_t luid,
		      const char *constructor);
void harness_suspend(struct harness *harness, uint32_t node, uint64_t luid);
void harness_resume(struct harness *harness, uint32_t node, uint64_t luid);
void harness_mark_flush(struct harness *harness, uint32_t node, uint64_t luid, uint64_t region);
void harness_clear(struct harness *harness, uint32_t node, uint64_t luid, uint64_t region);
/* Asks for work until there is none and copies it all. Returns how many regions it copied. */
uint64_t harness_recover(struct harness *harness, uint32_t node, uint64_t luid);
/* What the daemon asked for with cycle_device. */
void harness_cycle(struct harness *harness, uint32_t node, uint64_t luid);
/* A copy of the status of the log of `uuid`; only the plain values are good. False when there is none. */
bool harness_status(struct harness *harness, uint32_t node, struct engine_log_status *status);
struct engine_log_status harness_log(struct harness *harness,
				     uint32_t node); /* one that is there */
/* A cluster on which all nodes have activated that table, as `luid`. */
struct harness *harness_new_active(size_t node_count, uint64_t luid, const char *constructor);
/* Everything that was asked has its answer, all nodes agree, and the harness goes. */
void harness_end(struct harness *harness);

/* --- between the files of the harness --- */
struct view;
void harness_bus_send(struct harness *harness, uint32_t node, const void *bytes, size_t size);
void harness_disk_submit(struct harness_node *node, const struct disk_job *job);
void harness_disk_forget(struct harness *harness, uint32_t node);
void harness_reply(struct harness_node *node, const struct ulog_reply *reply);
void harness_event_free_all(struct harness *harness);
void harness_disk_free_all(struct harness *harness);
void harness_order_change(struct harness *harness, uint32_t node, int change);
void harness_quorum_all(struct harness *harness, enum quorum quorum);

#endif
