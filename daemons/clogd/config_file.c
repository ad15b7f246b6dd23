/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemons/clogd/config_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct reader {
	const char *path;
	unsigned line; /* from 1 */
	struct options *options;
	struct config_lines *lines;
	FILE *errors;
	bool wrong;
};

static void refuse(struct reader *reader, const char *name, const char *why)
{
	reader->wrong = true;
	fprintf(reader->errors, "clogd: %s:%u: %s%s%s\n", reader->path, reader->line, name,
		*name ? ": " : "", why);
}

static bool is_blank(char character)
{
	return character == ' ' || character == '\t' || character == '\r' || character == '\n';
}

static void cut_comment(char *text)
{
	for (char *at = text; *at; at++)
		if (*at == '#' && (at == text || is_blank(at[-1]))) {
			*at = '\0';
			return;
		}
}

static char *trim(char *text)
{
	size_t length;

	while (is_blank(*text))
		text++;
	length = strlen(text);
	while (length && is_blank(text[length - 1]))
		text[--length] = '\0';
	return text;
}

/* For messages: the terminal of who reads them is not the file's to write to. */
static void make_printable(char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

static void refuse_name(struct reader *reader, char *name)
{
	char list[SETTING_WHY_SIZE];
	char why[SETTING_WHY_SIZE + 64];

	make_printable(name);
	settings_list(list, sizeof(list));
	(void)snprintf(why, sizeof(why), "no such setting; there are %s", list);
	refuse(reader, name, why);
}

static void set(struct reader *reader, char *name, const char *value)
{
	const struct setting *setting = settings_find(name);
	char why[SETTING_WHY_SIZE];
	unsigned *line;

	if (!setting) {
		refuse_name(reader, name);
		return;
	}
	line = &reader->lines->line[setting - settings];
	if (*line) {
		(void)snprintf(why, sizeof(why), "set already in line %u", *line);
		refuse(reader, name, why);
	} else if (!setting_set(setting, value, reader->options, why)) {
		refuse(reader, name, why);
	}
	*line = reader->line;
}

static void take_line(struct reader *reader, char *text, size_t length)
{
	char *equals;

	if (strlen(text) != length) {
		refuse(reader, "", "a zero byte: this is no text file");
		return;
	}
	cut_comment(text);
	text = trim(text);
	if (!*text)
		return;
	equals = strchr(text, '=');
	if (!equals) {
		make_printable(text);
		refuse(reader, text, "'name = value' is wanted");
		return;
	}
	*equals = '\0';
	set(reader, trim(text), trim(equals + 1));
}

int config_file_read(const char *path, struct options *options, struct config_lines *lines,
		     FILE *errors)
{
	struct reader reader = {.path = path, .options = options, .lines = lines, .errors = errors};
	FILE *file = fopen(path, "re");
	char *text = NULL;
	size_t size = 0;
	ssize_t length;
	int error;

	memset(lines, 0, sizeof(*lines));
	if (!file)
		return -errno;
	errno = 0;
	while ((length = getline(&text, &size, file)) >= 0) {
		reader.line++;
		take_line(&reader, text, (size_t)length);
		errno = 0;
	}
	error = ferror(file) ? -errno : 0; /* a directory opens, and fails here */
	free(text);
	(void)fclose(file);
	if (error)
		return error;
	return reader.wrong ? -EINVAL : 0;
}
