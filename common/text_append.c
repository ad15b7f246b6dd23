/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/text_append.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void text_append(char *text, size_t size, const char *format, ...)
{
	size_t used = strlen(text);
	va_list values;

	va_start(values, format);
	(void)vsnprintf(text + used, size - used, format, values);
	va_end(values);
}
