/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A line for people, put together piece by piece. */
#ifndef CLOGD_COMMON_TEXT_APPEND_H
#define CLOGD_COMMON_TEXT_APPEND_H

#include <stddef.h>

/* Appends to the string in text[size], cut to fit; it stays NUL-terminated. */
void text_append(char *text, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
