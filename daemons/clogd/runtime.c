/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemons/clogd/runtime.h"
#include "daemons/clogd/kept.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "common/memory.h"
#include "daemons/clogd/lifecycle.h"
#include "daemons/clogd/log.h"
#include "daemons/clogd/process.h"
#include "daemons/clogd/runtime_internal.h"

#define CLUSTER_GROUP_NAME "clogd"

/* --- the engine --- */

/* On its one processor it would take the turns of the writers that it serves, whose writes then come one by one. */
static bool kernel_thread_may_hurry(void)
{
	return sysconf(_SC_NPROCESSORS_ONLN) > 1;
}

static int open_netlink(struct runtime *runtime)
{
	struct netlink_settings settings = {
		.buffer_bytes = runtime->options->socket_buffer_bytes,
		.realtime = runtime->options->realtime && kernel_thread_may_hurry(),
		.context = runtime,
		.request = runtime_request,
	};
	int error = netlink_open(&settings, &runtime->netlink);

	if (error)
		log_error("cannot listen to the kernel: %s", strerror(-error));
	return error;
}

static void recall(void *context, const char *uuid, const uint32_t *nodes, size_t count)
{
	engine_recall(context, uuid, nodes, count);
}

static void recall_one_leg(void *context, const char *uuid, const uint32_t *numbers, size_t count)
{
	uint64_t luid;

	if (kept_split_one_leg(&luid, &numbers, &count))
		engine_recall_one_leg(context, uuid, luid, numbers, count);
}

/* Once, when the node's id is known. Only then does the kernel find a log server. */
static void start_engine(struct runtime *runtime)
{
	struct engine_settings settings = runtime->options->engine;
	struct engine_ports ports;
	uint32_t met[VIEW_NODES_MAX];

	settings.node = group_node(runtime->group);
	if (getrandom(&settings.join_seed, sizeof(settings.join_seed), 0) !=
	    sizeof(settings.join_seed))
		settings.join_seed = clock_now_ms() << 20 ^ (uint64_t)getpid();
	runtime_ports_init(runtime, &ports);
	runtime->engine = engine_new(&settings, &ports, clock_now_ms());
	kept_load(KEPT_ATTACHED, runtime->engine, recall);
	kept_load(KEPT_ONE_LEG, runtime->engine, recall_one_leg);
	engine_recall_met(runtime->engine, met, kept_load_met(met, VIEW_NODES_MAX));
	if (open_netlink(runtime)) {
		lifecycle_stop(runtime, EXIT_FAILURE);
		return;
	}
	log_info("serving the kernel as node %u, log devices by %s", settings.node,
		 blockio_engine(runtime->blockio));
	lifecycle_ready(runtime);
}

static void run_group(struct runtime *runtime)
{
	if (!runtime->engine && group_node(runtime->group))
		start_engine(runtime);
	group_dispatch(runtime->group);
}

/* --- the loop's turns --- */

static int32_t in_turn(struct runtime *runtime, void (*run)(struct runtime *runtime))
{
	turn_take();
	run(runtime);
	if (runtime->engine)
		runtime_after_input(runtime);
	turn_give();
	return 0;
}

static void run_blockio(struct runtime *runtime)
{
	blockio_dispatch(runtime->blockio);
}

static void run_workers(struct runtime *runtime)
{
	workers_dispatch(runtime->workers);
}

static int32_t on_timer(int32_t descriptor, int32_t events, void *data)
{
	(void)descriptor, (void)events;
	return in_turn(data, runtime_tick);
}

static int32_t on_blockio(int32_t descriptor, int32_t events, void *data)
{
	(void)descriptor, (void)events;
	return in_turn(data, run_blockio);
}

static int32_t on_workers(int32_t descriptor, int32_t events, void *data)
{
	(void)descriptor, (void)events;
	return in_turn(data, run_workers);
}

static int32_t on_group(int32_t descriptor, int32_t events, void *data)
{
	(void)descriptor, (void)events;
	return in_turn(data, run_group);
}

/* --- setting up and taking down --- */

/* A descriptor of -1 is none. */
static int watch(struct runtime *runtime, int descriptor, qb_loop_poll_dispatch_fn run)
{
	return descriptor < 0 ? 0
			      : qb_loop_poll_add(runtime->loop, QB_LOOP_HIGH, descriptor, POLLIN,
						 runtime, run);
}

static int open_disks(struct runtime *runtime)
{
	struct blockio_settings disks = {
		.kind = runtime->options->io_uring ? BLOCKIO_BEST : BLOCKIO_THREADS,
		.node_directory = PROCESS_NODE_DIR,
		.context = runtime,
		.done = runtime_disk_done,
	};
	struct devices_settings devices = {
		.node_directory = PROCESS_NODE_DIR,
		.context = runtime,
		.cycled = runtime_device_cycled,
		.refreshed = runtime_names_ready,
	};
	int error;

	runtime->workers = workers_new();
	if (!runtime->workers)
		return -errno;
	disks.workers = runtime->workers;
	devices.workers = runtime->workers;
	runtime->blockio = blockio_new(&disks);
	if (!runtime->blockio)
		return -errno;
	runtime->devices = devices_new(&devices);
	error = watch(runtime, workers_descriptor(runtime->workers), on_workers);
	return error ? error : watch(runtime, blockio_descriptor(runtime->blockio), on_blockio);
}

static int open_group(struct runtime *runtime)
{
	struct group_callbacks callbacks = {
		.context = runtime,
		.message = runtime_message,
		.view = runtime_view,
		.quorum = runtime_quorum,
		.disconnected = runtime_disconnected,
	};

	runtime->group = runtime->options->standalone
				 ? group_alone_new(runtime->options->node, &callbacks)
				 : group_cpg_new(CLUSTER_GROUP_NAME, &callbacks);
	if (!runtime->group)
		return -errno;
	return watch(runtime, group_descriptor(runtime->group), on_group);
}

static int open_control(struct runtime *runtime)
{
	struct ctl_server_settings settings = {
		.loop = runtime->loop,
		.group = runtime->options->group,
		.context = runtime,
		.request = verbs_run,
	};
	int error;

	runtime->ctl = ctl_server_new(&settings);
	error = runtime->ctl ? 0 : -errno;
	if (error == -ENOENT && settings.group)
		log_error("--group: there is no group '%s'", settings.group);
	return error;
}

static int open_timer(struct runtime *runtime)
{
	runtime->armed_ms = RUNTIME_NEVER;
	runtime->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (runtime->timer < 0)
		return -errno;
	return watch(runtime, runtime->timer, on_timer);
}

static int open_all(struct runtime *runtime)
{
	static const struct {
		int (*open)(struct runtime *runtime);
		const char *what;
	} steps[] = {
		{open_timer, "a timer"},
		{open_disks, "disk I/O"},
		{open_control, "the control socket"},
		{open_group, "the cluster"},
	};

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		int error = steps[i].open(runtime);

		if (error) {
			log_error("cannot set up %s: %s", steps[i].what, strerror(-error));
			return error;
		}
	}
	lifecycle_open(runtime);
	return 0;
}

/* What the kernel asks from now on fails at once, and is asked again of the next daemon; so is what was asked. */
static void close_netlink(struct runtime *runtime)
{
	if (!runtime->netlink)
		return;
	netlink_stop_listening(runtime->netlink);
	netlink_stop(runtime->netlink);
	engine_hand_back(runtime->engine, clock_now_ms());
	netlink_drain(runtime->netlink);
	netlink_close(runtime->netlink);
	runtime->netlink = NULL;
}

static void close_all(struct runtime *runtime)
{
	close_netlink(runtime);
	group_free(runtime->group);
	ctl_server_free(runtime->ctl);
	if (runtime->engine)
		engine_free(runtime->engine);
	devices_free(runtime->devices);
	blockio_free(runtime->blockio);
	workers_free(runtime->workers);
	if (runtime->timer > 0)
		close(runtime->timer);
}

int runtime_run(const struct options *options)
{
	struct runtime *runtime = memory_new(1, sizeof(*runtime));
	int exit_status;

	if (turn_init())
		abort();
	runtime->options = options;
	runtime->started_ms = clock_now_ms();
	runtime->loop = qb_loop_create();
	if (!runtime->loop) {
		free(runtime);
		return EXIT_FAILURE;
	}
	runtime->exit_status = EXIT_FAILURE;
	if (!open_all(runtime))
		qb_loop_run(runtime->loop);
	close_all(runtime);
	exit_status = runtime->exit_status;
	qb_loop_destroy(runtime->loop);
	free(runtime);
	return exit_status;
}
