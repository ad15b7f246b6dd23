/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/logargs.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define WORDS_MAX 6 /* length, type, device, region size, sync, block_on_error */
#define MAJOR_MAX 0xfffU
#define MINOR_MAX 0xfffffU

struct word {
	const char *at;
	size_t length;
};

/* Where the sentence for the administrator goes. */
struct reason {
	char *text;
	size_t size;
};

static int __attribute__((format(printf, 2, 3)))
refuse(const struct reason *reason, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(reason->text, reason->size, format, arguments);
	va_end(arguments);
	return -EINVAL;
}

/* For "%.*s": a word as a message shows it, cut when long. */
#define SHOWN(word) ((word)->length < 64 ? (int)(word)->length : 64), (word)->at

static bool word_is(const struct word *word, const char *text)
{
	return word->length == strlen(text) && memcmp(word->at, text, word->length) == 0;
}

static bool parse_number(const struct word *word, uint64_t max, uint64_t *value)
{
	uint64_t number = 0;

	for (size_t i = 0; i < word->length; i++) {
		unsigned int digit = (unsigned char)word->at[i] - (unsigned int)'0';

		if (digit > 9 || number > (max - digit) / 10)
			return false;
		number = number * 10 + digit;
	}
	*value = number;
	return word->length > 0;
}

static int split(const char *string, struct word *words, size_t *count, const struct reason *reason)
{
	*count = 0;
	for (;;) {
		string += strspn(string, " \t");
		if (!*string)
			return 0;
		if (*count == WORDS_MAX)
			return refuse(reason,
				      "too many arguments: at most %d are allowed after "
				      "the length and the log type",
				      WORDS_MAX - 2);
		words[*count].at = string;
		words[*count].length = strcspn(string, " \t");
		string += words[(*count)++].length;
	}
}

/* What is refused is shown to people: their terminals get no control characters. */
static bool is_printable(const char *string)
{
	for (; *string; string++) {
		unsigned char byte = (unsigned char)*string;

		if ((byte < ' ' && byte != '\t') || byte == 0x7f)
			return false;
	}
	return true;
}

static bool is_device_number(const struct word *word)
{
	const char *colon = memchr(word->at, ':', word->length);
	struct word major, minor;
	uint64_t number;

	if (!colon)
		return false;
	major = (struct word){word->at, (size_t)(colon - word->at)};
	minor = (struct word){colon + 1, word->length - major.length - 1};
	return parse_number(&major, MAJOR_MAX, &number) && parse_number(&minor, MINOR_MAX, &number);
}

static int parse_device(const struct word *word, struct logargs *args, const struct reason *reason)
{
	if (word->at[0] != '/' && !is_device_number(word))
		return refuse(reason,
			      "log device \"%.*s\" is neither MAJOR:MINOR nor a path that "
			      "begins with a slash",
			      SHOWN(word));
	if (word->length >= sizeof(args->device))
		return refuse(reason, "path of the log device is longer than %zu characters",
			      sizeof(args->device) - 1);
	memcpy(args->device, word->at, word->length);
	args->device[word->length] = '\0';
	return 0;
}

static int parse_region_size(const struct word *word, struct logargs *args,
			     const struct reason *reason)
{
	uint64_t size;

	if (!parse_number(word, UINT32_MAX, &size))
		return refuse(reason, "region size \"%.*s\" is not a number of sectors below 2^32",
			      SHOWN(word));
	if (size < LOGARGS_REGION_SIZE_MIN || (size & (size - 1)) != 0)
		return refuse(reason,
			      "region size %llu is not a power of two of at least %d sectors",
			      (unsigned long long)size, LOGARGS_REGION_SIZE_MIN);
	if (size > args->length_sectors)
		return refuse(reason,
			      "region size %llu is above the length of the mirror, %llu sectors",
			      (unsigned long long)size, (unsigned long long)args->length_sectors);
	args->region_size_sectors = (uint32_t)size;
	args->region_count = args->length_sectors / size + (args->length_sectors % size != 0);
	if (args->region_count > LOGARGS_REGIONS_MAX)
		return refuse(reason,
			      "%llu regions are more than %llu: choose a larger region size",
			      (unsigned long long)args->region_count, LOGARGS_REGIONS_MAX);
	return 0;
}

static int parse_option(const struct word *word, struct logargs *args, const struct reason *reason)
{
	bool sync = word_is(word, "sync");

	if (sync || word_is(word, "nosync")) {
		if (args->sync != LOG_SYNC_DEFAULT)
			return refuse(reason,
				      "only one of sync and nosync is allowed, and only once");
		args->sync = sync ? LOG_SYNC_FORCE : LOG_SYNC_NONE;
		return 0;
	}
	if (word_is(word, "block_on_error")) {
		if (args->block_on_error)
			return refuse(reason, "block_on_error is allowed only once");
		args->block_on_error = true;
		return 0;
	}
	return refuse(reason,
		      "unknown argument \"%.*s\": after the region size come sync or nosync, "
		      "and block_on_error",
		      SHOWN(word));
}

static int parse_words(const struct word *words, size_t count, struct logargs *args,
		       const struct reason *reason)
{
	size_t at = 2;
	int error = 0;

	if (count < 2)
		return refuse(reason, "the length of the mirror and the log type are needed");
	if (!parse_number(&words[0], UINT64_MAX, &args->length_sectors))
		return refuse(reason, "length \"%.*s\" is not a number of sectors",
			      SHOWN(&words[0]));
	if (word_is(&words[1], log_type_name(LOG_TYPE_DISK)))
		args->type = LOG_TYPE_DISK;
	else if (!word_is(&words[1], log_type_name(LOG_TYPE_CORE)))
		return refuse(reason,
			      "unknown log type \"%.*s\": clustered-disk and clustered-core "
			      "are known",
			      SHOWN(&words[1]));
	if (count < (args->type == LOG_TYPE_DISK ? 4U : 3U))
		return refuse(reason, "%s needs %s", log_type_name(args->type),
			      args->type == LOG_TYPE_DISK ? "a log device and a region size"
							  : "a region size");
	if (args->type == LOG_TYPE_DISK)
		error = parse_device(&words[at++], args, reason);
	if (!error)
		error = parse_region_size(&words[at++], args, reason);
	while (!error && at < count)
		error = parse_option(&words[at++], args, reason);
	return error;
}

int logargs_parse(const char *string, struct logargs *args, char *reason_text, size_t reason_size)
{
	const struct reason reason = {reason_text, reason_size};
	struct word words[WORDS_MAX];
	size_t count;
	int error;

	*args = (struct logargs){.type = LOG_TYPE_CORE};
	if (!is_printable(string))
		return refuse(&reason, "control characters are not allowed in the arguments");
	error = split(string, words, &count, &reason);
	return error ? error : parse_words(words, count, args, &reason);
}

const char *log_type_name(enum log_type type)
{
	return type == LOG_TYPE_DISK ? "clustered-disk" : "clustered-core";
}
