/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long Corosync takes to deliver a message to its own sender: what every change of the
 * cluster's state waits for at least. One message at a time, of the size of a small update.
 *
 * Build: cc -O2 -o cpg_latency cpg_latency.c -lcpg. Usage: cpg_latency [MESSAGES]. Prints
 * "p50 MS p99 MS" in milliseconds. Exit status 1 when Corosync does not answer.
 */
#include <corosync/cpg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>

#define MESSAGES_DEFAULT 200
#define MESSAGE_BYTES    128

static unsigned int delivered;

static void on_deliver(cpg_handle_t handle, const struct cpg_name *group, uint32_t node,
		       uint32_t pid, void *message, size_t size)
{
	(void)handle, (void)group, (void)node, (void)pid, (void)message, (void)size;
	delivered++;
}

static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void need(cs_error_t error, const char *what)
{
	if (error == CS_OK)
		return;
	fprintf(stderr, "cpg_latency: %s: error %d\n", what, error);
	exit(1);
}

static double send_one(cpg_handle_t handle)
{
	char bytes[MESSAGE_BYTES] = {0};
	struct iovec part = {bytes, sizeof(bytes)};
	unsigned int before = delivered;
	double start = now_ms();

	need(cpg_mcast_joined(handle, CPG_TYPE_AGREED, &part, 1), "send");
	while (delivered == before)
		need(cpg_dispatch(handle, CS_DISPATCH_ONE), "dispatch");
	return now_ms() - start;
}

static int compare(const void *one, const void *other)
{
	double left = *(const double *)one;
	double right = *(const double *)other;

	return (left > right) - (left < right);
}

int main(int argc, char **argv)
{
	cpg_callbacks_t callbacks = {.cpg_deliver_fn = on_deliver};
	struct cpg_name group = {.value = "cpg_latency"};
	unsigned long count = argc > 1 ? strtoul(argv[1], NULL, 10) : MESSAGES_DEFAULT;
	double *latencies = calloc(count ? count : 1, sizeof(*latencies));
	cpg_handle_t handle;

	if (count == 0 || !latencies) {
		fprintf(stderr, "Usage: cpg_latency [MESSAGES]\n");
		return 2;
	}
	group.length = (uint32_t)strlen(group.value);
	need(cpg_initialize(&handle, &callbacks), "connect");
	need(cpg_join(handle, &group), "join");
	for (unsigned long i = 0; i < count; i++)
		latencies[i] = send_one(handle);
	qsort(latencies, count, sizeof(*latencies), compare);
	printf("p50 %.3f p99 %.3f\n", latencies[count / 2], latencies[count * 99 / 100]);
	need(cpg_finalize(handle), "leave");
	free(latencies);
	return 0;
}
