/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemons/clogd/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "config.h"
#include "daemons/clogd/log.h"
#include "daemons/clogd/netlink.h"
#include "daemons/clogd/process.h"

enum {
	OPT_STANDALONE = 256,
	OPT_NODE_ID,
	OPT_SOCKET_BUFFER,
	OPT_WINDOW,
	OPT_HOLD,
	OPT_MARK_AHEAD,
	OPT_RECOVERY_BATCH,
	OPT_FENCING,
	OPT_LOG_LEVEL,
	OPT_GROUP,
	OPT_PID_FILE,
};

static const struct option long_options[] = {
	{"foreground", no_argument, NULL, 'f'},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{"standalone", no_argument, NULL, OPT_STANDALONE},
	{"node-id", required_argument, NULL, OPT_NODE_ID},
	{"socket-buffer", required_argument, NULL, OPT_SOCKET_BUFFER},
	{"window", required_argument, NULL, OPT_WINDOW},
	{"hold", required_argument, NULL, OPT_HOLD},
	{"mark-ahead", required_argument, NULL, OPT_MARK_AHEAD},
	{"recovery-batch", required_argument, NULL, OPT_RECOVERY_BATCH},
	{"fencing", required_argument, NULL, OPT_FENCING},
	{"log-level", required_argument, NULL, OPT_LOG_LEVEL},
	{"group", required_argument, NULL, OPT_GROUP},
	{"pid-file", required_argument, NULL, OPT_PID_FILE},
	{NULL, 0, NULL, 0},
};

static void print_help(const struct options *defaults)
{
	printf("Usage: clogd [OPTION]...\n"
	       "Keeps the dirty-region logs of device-mapper mirrors that a cluster shares.\n"
	       "\n"
	       "  -f, --foreground        stay in the foreground and log to standard error\n"
	       "  -h, --help              print this and exit\n"
	       "  -V, --version           print the version and exit\n"
	       "      --standalone        one node, without Corosync\n"
	       "      --node-id N         this node's id (with --standalone; default %u)\n"
	       "      --socket-buffer N   bytes for requests of the kernel (default %u)\n"
	       "      --window N          regions of a log that stay marked after their last\n"
	       "                          write; 0: none (default %u)\n"
	       "      --hold MS           how long they do, milliseconds (default %u)\n"
	       "      --mark-ahead N      regions marked ahead of a stream; 0: none (default %u)\n"
	       "      --recovery-batch N  regions handed out for recovery at once (default %u)\n"
	       "      --fencing on|off    recover what a dead node wrote to only once the node\n"
	       "                          is known to be fenced (default %s)\n"
	       "      --log-level LEVEL   error, warning, notice, info or debug (default info)\n"
	       "      --group NAME        a group that may use clogctl, besides root\n"
	       "      --pid-file PATH     default %s\n",
	       defaults->node, defaults->socket_buffer_bytes, defaults->engine.window_regions,
	       defaults->engine.hold_ms, defaults->engine.mark_ahead_regions,
	       defaults->engine.recovery_batch, defaults->engine.fencing ? "on" : "off",
	       defaults->pid_file);
}

/* --- values --- */

static bool wrong_value(const char *name, const char *value, const char *allowed)
{
	fprintf(stderr, "clogd: --%s: '%s' is not %s\n", name, value, allowed);
	return false;
}

static bool parse_number(const char *name, const char *text, uint32_t least, uint32_t most,
			 uint32_t *number)
{
	char allowed[64];
	char *end;
	unsigned long long value;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || value < least || value > most) {
		(void)snprintf(allowed, sizeof(allowed), "a number from %u to %u", least, most);
		return wrong_value(name, text, allowed);
	}
	*number = (uint32_t)value;
	return true;
}

static bool parse_switch(const char *name, const char *text, bool *on)
{
	*on = strcmp(text, "on") == 0;
	return *on || strcmp(text, "off") == 0 || wrong_value(name, text, "'on' or 'off'");
}

static bool parse_level(const char *name, const char *text, int *priority)
{
	*priority = log_priority(text);
	return *priority >= 0 ||
	       wrong_value(name, text, "one of error, warning, notice, info, debug");
}

/* Numbers: where each goes, and its bounds. */
static bool set_number(int option, const char *text, struct options *options)
{
	const struct {
		int option;
		const char *name;
		uint32_t *number;
		uint32_t least;
		uint32_t most;
	} numbers[] = {
		{OPT_NODE_ID, "node-id", &options->node, 1, UINT32_MAX},
		{OPT_SOCKET_BUFFER, "socket-buffer", &options->socket_buffer_bytes, 64 * 1024,
		 512 * 1024 * 1024},
		{OPT_WINDOW, "window", &options->engine.window_regions, 0, 1024 * 1024},
		{OPT_HOLD, "hold", &options->engine.hold_ms, 0, 3600 * 1000},
		{OPT_MARK_AHEAD, "mark-ahead", &options->engine.mark_ahead_regions, 0, 1024},
		{OPT_RECOVERY_BATCH, "recovery-batch", &options->engine.recovery_batch, 1, 64},
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (numbers[i].option == option)
			return parse_number(numbers[i].name, text, numbers[i].least,
					    numbers[i].most, numbers[i].number);
	return false; /* getopt_long() has said why */
}

static bool set_option(int option, char *text, struct options *options)
{
	switch (option) {
	case 'f':
		options->foreground = true;
		return true;
	case OPT_STANDALONE:
		options->standalone = true;
		return true;
	case OPT_FENCING:
		return parse_switch("fencing", text, &options->engine.fencing);
	case OPT_LOG_LEVEL:
		return parse_level("log-level", text, &options->log_priority);
	case OPT_GROUP:
		options->group = text;
		return true;
	case OPT_PID_FILE:
		options->pid_file = text;
		return true;
	default:
		return set_number(option, text, options);
	}
}

static bool check_together(const struct options *options, bool node_given)
{
	if (!node_given || options->standalone)
		return true;
	fprintf(stderr, "clogd: --node-id goes with --standalone; in a cluster the id is "
			"Corosync's\n");
	return false;
}

static void set_defaults(struct options *options)
{
	*options = (struct options){
		.node = 1,
		.socket_buffer_bytes = NETLINK_BUFFER_DEFAULT,
		.log_priority = LOG_INFO,
		.pid_file = PROCESS_PID_FILE,
	};
	engine_settings_init(&options->engine);
}

enum options_result options_parse(int argc, char **argv, struct options *options)
{
	bool node_given = false;
	int option;

	set_defaults(options);
	while ((option = getopt_long(argc, argv, "fhV", long_options, NULL)) != -1) {
		if (option == 'h') {
			set_defaults(options);
			print_help(options);
			return OPTIONS_DONE;
		}
		if (option == 'V') {
			printf("clogd %s\n", PACKAGE_VERSION);
			return OPTIONS_DONE;
		}
		node_given = node_given || option == OPT_NODE_ID;
		if (!set_option(option, optarg, options))
			goto wrong;
	}
	if (optind < argc) {
		fprintf(stderr, "clogd: '%s': no arguments but options are taken\n", argv[optind]);
		goto wrong;
	}
	if (!check_together(options, node_given))
		goto wrong;
	return OPTIONS_RUN;

wrong:
	fprintf(stderr, "Try 'clogd --help'.\n");
	return OPTIONS_WRONG;
}
