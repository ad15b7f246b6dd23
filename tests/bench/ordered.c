/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ordered.h"

#include <corosync/cpg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#define MESSAGE_BYTES 128

static struct cpg_name group;
static cpg_handle_t handle;
static unsigned int delivered;

static void on_deliver(cpg_handle_t from, const struct cpg_name *to, uint32_t node, uint32_t pid,
		       void *message, size_t size)
{
	(void)from, (void)to, (void)node, (void)pid, (void)message, (void)size;
	delivered++;
}

static void need(cs_error_t error, const char *what)
{
	if (error == CS_OK)
		return;
	fprintf(stderr, "%s: %s: error %d\n", group.value, what, error);
	exit(1);
}

void ordered_open(const char *name)
{
	cpg_callbacks_t callbacks = {.cpg_deliver_fn = on_deliver};

	snprintf(group.value, sizeof(group.value), "%s", name);
	group.length = (uint32_t)strlen(group.value);
	need(cpg_initialize(&handle, &callbacks), "connect");
	need(cpg_join(handle, &group), "join");
}

void ordered_send(void)
{
	char bytes[MESSAGE_BYTES] = {0};
	struct iovec part = {bytes, sizeof(bytes)};
	unsigned int before = delivered;

	need(cpg_mcast_joined(handle, CPG_TYPE_AGREED, &part, 1), "send");
	while (delivered == before)
		need(cpg_dispatch(handle, CS_DISPATCH_ONE), "dispatch");
}

void ordered_close(void)
{
	need(cpg_finalize(handle), "leave");
}
