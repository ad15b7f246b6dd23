/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemons/clogd/supervision.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemons/clogd/log.h"
#include "daemons/clogd/runtime_internal.h"
#include "daemons/clogd/summary.h"

#define PERIOD_NS (2ULL * 1000 * 1000 * 1000)

/*
 * systemd's protocol (sd_notify(3)): a datagram of lines to a socket it names.
 * sd_notify() itself waits when systemd does not read, and systemd may be waiting
 * for a mirror, which waits for this daemon.
 */
static void notify(const char *text)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t length = path ? strlen(path) : 0;
	int descriptor;

	if (length < 2 || length >= sizeof(address.sun_path) || (*path != '/' && *path != '@'))
		return;
	memcpy(address.sun_path, path, length);
	if (*path == '@') /* an abstract name */
		address.sun_path[0] = '\0';
	descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (descriptor < 0)
		return;
	(void)sendto(descriptor, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr *)&address,
		     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length));
	close(descriptor);
}

/* Half of what the unit's WatchdogSec allows, at most PERIOD_NS. */
static uint64_t period_ns(void)
{
	const char *text = getenv("WATCHDOG_USEC");
	uint64_t period = text ? strtoull(text, NULL, 10) * 1000 / 2 : 0;

	return period > 0 && period < PERIOD_NS ? period : PERIOD_NS;
}

static void tell(const struct runtime *runtime, const char *first)
{
	char line[SUMMARY_SIZE];
	char text[SUMMARY_SIZE + 64];

	if (!summary_write(runtime, line))
		devices_refresh(runtime->devices); /* for the next time */
	(void)snprintf(text, sizeof(text), "%s\nSTATUS=%s", first, line);
	notify(text);
}

static void on_period(void *data);

static void tell_again(struct runtime *runtime)
{
	qb_loop_timer_handle ignored;

	if (!runtime->stopping)
		tell(runtime, "WATCHDOG=1");
	if (qb_loop_timer_add(runtime->loop, QB_LOOP_LOW, period_ns(), runtime, on_period,
			      &ignored))
		log_error("no timer for systemd's watchdog: it will restart this daemon");
}

static void on_period(void *data)
{
	turn_take();
	tell_again(data);
	turn_give();
}

void supervision_ready(struct runtime *runtime)
{
	if (!getenv("NOTIFY_SOCKET"))
		return;
	tell(runtime, "READY=1");
	tell_again(runtime);
}

void supervision_stopping(const char *why)
{
	char text[256];

	(void)snprintf(text, sizeof(text), "STOPPING=1\nSTATUS=%s", why);
	notify(text);
}
