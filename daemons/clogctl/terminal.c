/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemons/clogctl/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

bool terminal_is_screen(void)
{
	const char *kind = getenv("TERM");

	return isatty(STDOUT_FILENO) && kind && *kind && strcmp(kind, "dumb") != 0;
}

bool terminal_has_colour(void)
{
	const char *refused = getenv("NO_COLOR");

	return terminal_is_screen() && !(refused && *refused);
}

void terminal_size(int *width, int *height)
{
	struct winsize size;
	bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0;

	*width = known && size.ws_col ? size.ws_col : TERMINAL_WIDTH;
	*height = known && size.ws_row ? size.ws_row : TERMINAL_HEIGHT;
}
