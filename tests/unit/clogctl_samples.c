/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/clogctl_samples.h"

#include <string.h>

#include "tests/unit/unit.h"

struct status sample_status(const char *text)
{
	struct status status;

	assert_int_equal(status_parse(text, &status), 0);
	return status;
}

void printed_begin(struct printed *printed)
{
	printed->out = open_memstream(&printed->text, &printed->size);
	assert_non_null(printed->out);
}

void printed_end(struct printed *printed)
{
	assert_int_equal(fclose(printed->out), 0);
}

void assert_says(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("\"%s\" is not in:\n%s", part, text);
}

void assert_silent(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("\"%s\" is in:\n%s", part, text);
}
