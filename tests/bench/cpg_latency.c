/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long Corosync takes to deliver a message to its own sender: what every change of the
 * cluster's state waits for at least. One message at a time.
 *
 * Build: cc -O2 -o cpg_latency cpg_latency.c ordered.c -lcpg. Usage: cpg_latency [MESSAGES]. Prints
 * "p50 MS p99 MS" in milliseconds. Exit status 1 when Corosync does not answer.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "ordered.h"

#define MESSAGES_DEFAULT 200

static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static double send_one(void)
{
	double start = now_ms();

	ordered_send();
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
	unsigned long count = argc > 1 ? strtoul(argv[1], NULL, 10) : MESSAGES_DEFAULT;
	double *latencies = calloc(count ? count : 1, sizeof(*latencies));

	if (count == 0 || !latencies) {
		fprintf(stderr, "Usage: cpg_latency [MESSAGES]\n");
		return 2;
	}
	ordered_open("cpg_latency");
	for (unsigned long i = 0; i < count; i++)
		latencies[i] = send_one();
	qsort(latencies, count, sizeof(*latencies), compare);
	printf("p50 %.3f p99 %.3f\n", latencies[count / 2], latencies[count * 99 / 100]);
	ordered_close();
	free(latencies);
	return 0;
}
