/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "daemons/clogctl/command.h"
#include "daemons/clogctl/metrics_text.h"

static const struct option no_options[] = {{NULL, 0, NULL, 0}};

static int run(const struct command *command, int argc, char **argv)
{
	struct status status;
	int failed;

	if (command_option(command, argc, argv, no_options) != -1)
		return CTL_USAGE;
	if (optind < argc)
		return command_fail(command, "'%s': no words are taken", argv[optind]);
	failed = command_ask_status(COMMAND_WHOLE, &status);
	if (failed)
		return failed;
	metrics_print(&status, stdout);
	status_free(&status);
	return CTL_FINE;
}

const struct command metrics_command = {
	.name = "metrics",
	.arguments = "",
	.summary = "the status in the text format of OpenMetrics",
	.help = "For Prometheus and its like: gauges and counters of this node and of all logs.\n"
		"Run it by a timer into the directory of node_exporter's file collector, under\n"
		"another name first, so that no half of it is read.\n"
		"\n"
		"Exit status: 0; 2 no daemon, or wrong usage.\n"
		"\n"
		"Examples:\n"
		"  clogctl metrics\n"
		"  cd /var/lib/prometheus/node-exporter &&\n"
		"      clogctl metrics > clogd.tmp && mv clogd.tmp clogd.prom\n",
	.run = run,
};
