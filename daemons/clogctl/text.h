/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values as people read them. All strings are cut to fit, and NUL-terminated. */
#ifndef CLOGD_CLOGCTL_TEXT_H
#define CLOGD_CLOGCTL_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "daemons/clogctl/status.h"

#define TEXT_NUMBER 24 /* room for any of the numbers below */

#define TEXT_RED    "\033[31m"
#define TEXT_GREEN  "\033[32m"
#define TEXT_YELLOW "\033[33m"
#define TEXT_CYAN   "\033[36m"
#define TEXT_PLAIN  "\033[0m"

/* "512 B", "1.5 MiB": binary units, one decimal, cut off. */
void text_bytes(char *text, size_t size, uint64_t bytes);
/* "59.9%" cut off, not rounded: 100 only when all are; "-" of nothing. */
void text_percent(char *text, size_t size, uint64_t part, uint64_t whole);
/* "7 s", "3 min 05 s", "2 h 09 min", "5 d 03 h" */
void text_duration(char *text, size_t size, uint64_t seconds);
/* "1,2,3"; "-" for none */
void text_ids(char *text, size_t size, const struct id_list *ids);
/* "node 3", "nodes 1,2" */
void text_nodes(char *text, size_t size, const struct id_list *ids);

#endif
