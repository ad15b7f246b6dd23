/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Statuses as a daemon sends them, for the tests of what clogctl prints; and printing into a string. */
#ifndef CLOGD_TESTS_UNIT_CLOGCTL_SAMPLES_H
#define CLOGD_TESTS_UNIT_CLOGCTL_SAMPLES_H

#include <stdio.h>

#include "daemons/clogctl/status.h"

/* One node of three, with a log for each state: see the names. */
#define SAMPLE_NODE                                                                              \
	"{\"id\":2,\"version\":\"0.1.0\",\"protocol\":1,\"quorate\":true,\"joined\":true,"       \
	"\"members\":[1,2,3],\"uptime_s\":4000,\"log_level\":\"info\",\"settings\":{\"window\":" \
	"1024,"                                                                                  \
	"\"hold_ms\":5000,\"fencing\":true},\"counters\":{\"kernel_requests\":17}}"
#define SAMPLE_LOG(name, uuid, state, reason, in_sync, rest)                          \
	"{\"uuid\":\"" uuid "\",\"name\":\"" name                                     \
	"\",\"type\":\"clustered-disk\",\"state\":\"" state "\",\"reason\":\"" reason \
	"\",\"region_size\":1024,\"regions\":128,\"in_sync\":" #in_sync               \
	",\"attached\":[1,2,3],\"writer\":1,\"log_device\":{\"device\":\"/dev/"       \
	"log\",\"health\":\"A\"},"                                                    \
	"\"instances\":[{\"luid\":1,\"state\":\"active\"}]," rest                     \
	"\"counters\":{\"requests\":40,\"flushes\":7}}"
#define SAMPLE_FINE SAMPLE_LOG("fine", "LVM-abcfine", "active", "", 128, "")
#define SAMPLE_MARKED                                                                    \
	SAMPLE_LOG("marked", "LVM-abcmarked", "active", "", 128,                         \
		   "\"dirty\":12,\"retained\":3,\"marked\":[{\"node\":1,\"regions\":5}," \
		   "{\"node\":3,\"regions\":8}],")
#define SAMPLE_COPYING                                             \
	SAMPLE_LOG("copying", "LVM-abccopying", "active", "", 127, \
		   "\"recovering\":[{\"node\":2,\"region\":9}],")
#define SAMPLE_FROZEN SAMPLE_LOG("frozen", "LVM-abcfrozen", "frozen", "no | quorum", 128, "")
#define SAMPLE_LOST                                          \
	SAMPLE_LOG("lost", "LVM-xyzlost", "active", "", 120, \
		   "\"waits_for_fencing\":true,\"lost\":[3],")
#define SAMPLE_NAMELESS                                                             \
	SAMPLE_LOG("", "LVM-0123456789012345678901234567890123456789", "suspended", \
		   "not in use on this node", 128, "")

/* Node 1 of two, which are parted and both quorate. */
#define SAMPLE_HALF                                                                           \
	"{\"node\":{\"id\":1,\"version\":\"0.1.0\",\"members\":[1],\"rivals\":[2]},\"logs\":" \
	"[" SAMPLE_FROZEN "]}"

#define SAMPLE_STATUS(logs) "{\"node\":" SAMPLE_NODE ",\"logs\":[" logs "]}"

/* Parsed; it must be one. To be freed with status_free(). */
struct status sample_status(const char *text);

/* What was printed, as a string; free(3). */
struct printed {
	char *text;
	size_t size;
	FILE *out;
};
void printed_begin(struct printed *printed);
void printed_end(struct printed *printed); /* the text is there after it */

void assert_says(const char *text, const char *part);
void assert_silent(const char *text, const char *part);

#endif
