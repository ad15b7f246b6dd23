/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What standard output is. */
#ifndef CLOGD_CLOGCTL_TERMINAL_H
#define CLOGD_CLOGCTL_TERMINAL_H

#include <stdbool.h>

#define TERMINAL_WIDTH  80 /* where it cannot be told */
#define TERMINAL_HEIGHT 24

/* A terminal that knows colour, and NO_COLOR is not set. */
bool terminal_has_colour(void);
/* A terminal on which a cursor can be moved. */
bool terminal_is_screen(void);
void terminal_size(int *width, int *height);

#endif
