/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of settings. The long options, the configuration file, --help and
 * the checks of values are all made of it: a new setting is one line there and
 * one member of struct options.
 */
#ifndef CLOGD_DAEMONS_SETTINGS_H
#define CLOGD_DAEMONS_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct options;

enum setting_kind {
	SETTING_NUMBER, /* uint32_t, from `least` to `most` */
	SETTING_SWITCH, /* bool: on or off */
	SETTING_LEVEL,  /* int, syslog's */
	SETTING_GROUP,  /* char[most]: a group of this system */
	SETTING_PATH,   /* char[most]: absolute */
};

struct setting {
	const char *name;  /* of the option, and in the file */
	const char *value; /* what --help calls its value */
	const char *help;  /* lines of --help */
	size_t offset;     /* of its member of struct options */
	uint32_t least;
	uint32_t most;
	enum setting_kind kind;
	bool bare; /* a switch: the option alone means on */
};

#define SETTINGS_COUNT    13
#define SETTING_WHY_SIZE  256
#define SETTING_TEXT_SIZE 256

extern const struct setting settings[SETTINGS_COUNT];

/* All members of *options that are settings. */
void settings_set_defaults(struct options *options);
/* NULL when there is none of that name. */
const struct setting *settings_find(const char *name);
/* "a, b and c": for who has named another. */
void settings_list(char *text, size_t size);

/* False, with *options unchanged and `why` (SETTING_WHY_SIZE) saying what is allowed, for a wrong value. */
bool setting_set(const struct setting *setting, const char *text, struct options *options,
		 char *why);
/* The value as setting_set() takes it, of at most SETTING_TEXT_SIZE. */
void setting_show(const struct setting *setting, const struct options *options, char *text);

#endif
