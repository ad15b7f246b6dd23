/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemons/clogd/settings.h"

#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "daemons/clogd/log.h"
#include "daemons/clogd/netlink.h"
#include "daemons/clogd/options.h"
#include "daemons/clogd/process.h"

#define MEMBER(member) .offset = offsetof(struct options, member)
#define SIZE(member)   .most = sizeof(((struct options *)NULL)->member)

const struct setting settings[SETTINGS_COUNT] = {
	{"standalone", "on|off", "one node, without Corosync", MEMBER(standalone),
	 .kind = SETTING_SWITCH, .bare = true},
	{"node-id", "N", "this node's id, with standalone only", MEMBER(node),
	 .kind = SETTING_NUMBER, .least = 1, .most = UINT32_MAX},
	{"window", "N",
	 "regions of a log that stay marked after their last\n"
	 "write; 0: none",
	 MEMBER(engine.window_regions), .kind = SETTING_NUMBER, .most = 1024 * 1024},
	{"hold", "MS", "how long they do, milliseconds", MEMBER(engine.hold_ms),
	 .kind = SETTING_NUMBER, .most = 3600 * 1000},
	{"mark-ahead", "N", "regions marked ahead of a stream; 0: none",
	 MEMBER(engine.mark_ahead_regions), .kind = SETTING_NUMBER, .most = 1024},
	{"recovery-batch", "N", "regions handed out for recovery at once",
	 MEMBER(engine.recovery_batch), .kind = SETTING_NUMBER, .least = 1, .most = 64},
	{"fencing", "on|off",
	 "recover what a dead node wrote to only once the node\n"
	 "is known to be fenced",
	 MEMBER(engine.fencing), .kind = SETTING_SWITCH},
	{"log-level", "LEVEL", "error, warning, notice, info or debug", MEMBER(log_priority),
	 .kind = SETTING_LEVEL},
	{"group", "NAME", "a group that may use clogctl, besides root", MEMBER(group), SIZE(group),
	 .kind = SETTING_GROUP},
	{"pid-file", "PATH", "LVM looks for the default", MEMBER(pid_file), SIZE(pid_file),
	 .kind = SETTING_PATH},
	{"socket-buffer", "BYTES", "room for requests of the kernel", MEMBER(socket_buffer_bytes),
	 .kind = SETTING_NUMBER, .least = 64 * 1024, .most = 512 * 1024 * 1024},
	{"realtime", "on|off", "run before other programs, as Corosync does", MEMBER(realtime),
	 .kind = SETTING_SWITCH},
	{"io-uring", "on|off", "log devices through io_uring, if the kernel has it",
	 MEMBER(io_uring), .kind = SETTING_SWITCH},
};

void settings_set_defaults(struct options *options)
{
	options->standalone = false;
	options->node = 1;
	options->socket_buffer_bytes = NETLINK_BUFFER_DEFAULT;
	options->realtime = true;
	options->io_uring = true;
	options->log_priority = LOG_INFO;
	(void)snprintf(options->group, sizeof(options->group), "root");
	(void)snprintf(options->pid_file, sizeof(options->pid_file), PROCESS_PID_FILE);
	engine_settings_init(&options->engine);
}

const struct setting *settings_find(const char *name)
{
	for (size_t i = 0; i < SETTINGS_COUNT; i++)
		if (strcmp(settings[i].name, name) == 0)
			return &settings[i];
	return NULL;
}

void settings_list(char *text, size_t size)
{
	size_t length = 0;

	for (size_t i = 0; i < SETTINGS_COUNT && length < size; i++) {
		const char *between = i == 0 ? "" : i + 1 < SETTINGS_COUNT ? ", " : " and ";

		length += (size_t)snprintf(text + length, size - length, "%s%s", between,
					   settings[i].name);
	}
}

/* --- values --- */

static void *member_of(const struct setting *setting, struct options *options)
{
	return (char *)options + setting->offset;
}

static const void *value_of(const struct setting *setting, const struct options *options)
{
	return (const char *)options + setting->offset;
}

/* The value is an outsider's: only its beginning, and that printable. */
static bool wrong(const char *text, const char *allowed, char *why)
{
	char shown[64];
	size_t length = 0;

	for (; text[length] && length < sizeof(shown) - 1; length++)
		shown[length] =
			(char)(text[length] < ' ' || text[length] > '~' ? '?' : text[length]);
	shown[length] = '\0';
	(void)snprintf(why, SETTING_WHY_SIZE, "'%s' is not %s", shown, allowed);
	return false;
}

static bool set_number(const struct setting *setting, const char *text, uint32_t *number, char *why)
{
	char allowed[64];
	char *end;
	unsigned long long value;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || value < setting->least ||
	    value > setting->most) {
		(void)snprintf(allowed, sizeof(allowed), "a number from %" PRIu32 " to %" PRIu32,
			       setting->least, setting->most);
		return wrong(text, allowed, why);
	}
	*number = (uint32_t)value;
	return true;
}

static bool set_switch(const char *text, bool *on, char *why)
{
	bool is_on = strcmp(text, "on") == 0;

	if (!is_on && strcmp(text, "off") != 0)
		return wrong(text, "'on' or 'off'", why);
	*on = is_on;
	return true;
}

static bool set_level(const char *text, int *priority, char *why)
{
	int value = log_priority(text);

	if (value < 0)
		return wrong(text, "one of error, warning, notice, info and debug", why);
	*priority = value;
	return true;
}

static bool set_text(const struct setting *setting, const char *text, char *to, char *why)
{
	char allowed[64];

	if (strlen(text) >= setting->most) {
		(void)snprintf(allowed, sizeof(allowed), "shorter than %" PRIu32 " bytes",
			       setting->most);
		return wrong(text, allowed, why);
	}
	(void)snprintf(to, setting->most, "%s", text);
	return true;
}

bool setting_set(const struct setting *setting, const char *text, struct options *options,
		 char *why)
{
	void *member = member_of(setting, options);

	switch (setting->kind) {
	case SETTING_NUMBER:
		return set_number(setting, text, member, why);
	case SETTING_SWITCH:
		return set_switch(text, member, why);
	case SETTING_LEVEL:
		return set_level(text, member, why);
	case SETTING_GROUP:
		if (!getgrnam(text))
			return wrong(text, "a group of this system", why);
		return set_text(setting, text, member, why);
	case SETTING_PATH:
		if (*text != '/')
			return wrong(text, "an absolute path", why);
		return set_text(setting, text, member, why);
	}
	return wrong(text, "known", why);
}

void setting_show(const struct setting *setting, const struct options *options, char *text)
{
	const void *value = value_of(setting, options);

	switch (setting->kind) {
	case SETTING_NUMBER:
		(void)snprintf(text, SETTING_TEXT_SIZE, "%" PRIu32, *(const uint32_t *)value);
		break;
	case SETTING_SWITCH:
		(void)snprintf(text, SETTING_TEXT_SIZE, "%s", *(const bool *)value ? "on" : "off");
		break;
	case SETTING_LEVEL:
		(void)snprintf(text, SETTING_TEXT_SIZE, "%s", log_word(*(const int *)value));
		break;
	case SETTING_GROUP:
	case SETTING_PATH:
		(void)snprintf(text, SETTING_TEXT_SIZE, "%s", (const char *)value);
		break;
	}
}
