/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A watch that a signal ends, at whatever moment. The daemon is played here. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/memory.h"
#include "daemons/clogctl/command.h"
#include "tests/unit/clogctl_samples.h"

static unsigned int asked, ends_at;
static int error_at_the_end;

int client_ask(const char *line, struct answer *answer)
{
	(void)line;
	if (++asked == ends_at) {
		(void)raise(SIGINT);
		if (error_at_the_end)
			return error_at_the_end;
	}
	*answer = (struct answer){.text = memory_string(SAMPLE_STATUS(SAMPLE_FINE))};
	answer->size = strlen(answer->text);
	return 0;
}

/* What it printed, in text[size]; its exit status. */
static int watch(unsigned int ends, int error, char *text, size_t size)
{
	char *words[] = {"watch", "--interval", "3600", NULL};
	int standard = dup(STDOUT_FILENO);
	FILE *file = tmpfile();
	int result;

	assert_non_null(file);
	asked = 0;
	ends_at = ends;
	error_at_the_end = error;
	(void)fflush(stdout);
	assert_true(dup2(fileno(file), STDOUT_FILENO) >= 0);
	result = watch_command.run(&watch_command, 3, words);
	(void)fflush(stdout);
	assert_true(dup2(standard, STDOUT_FILENO) >= 0);
	close(standard);
	rewind(file);
	text[fread(text, 1, size - 1, file)] = '\0';
	(void)fclose(file);
	return result;
}

static void a_signal_that_breaks_off_a_question_is_no_fault_of_the_daemons(void **state)
{
	static const int errors[] = {-EBUSY, -ENOENT, -EACCES, -ETIMEDOUT};
	char text[4096];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		assert_int_equal(watch(2, errors[i], text, sizeof(text)), 0);
		assert_string_equal(text, "");
	}
}

/* It comes before the pause, and the pause would be an hour. */
static void a_signal_during_an_answer_ends_the_watch_behind_it(void **state)
{
	char text[4096];

	(void)state;
	(void)alarm(60);
	assert_int_equal(watch(2, 0, text, sizeof(text)), 0);
	(void)alarm(0);
	assert_says(text, "fine: active");
	assert_int_equal(asked, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_signal_that_breaks_off_a_question_is_no_fault_of_the_daemons),
		cmocka_unit_test(a_signal_during_an_answer_ends_the_watch_behind_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
