/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a message says, for the trace. */
#ifndef CLOGD_SIM_MESSAGE_TEXT_H
#define CLOGD_SIM_MESSAGE_TEXT_H

#include <stddef.h>

#define MESSAGE_TEXT_SIZE 512

/* Its operations, ", " between them and "..." for what did not fit; the kind of any other message. */
void message_text(const void *bytes, size_t size, char text[MESSAGE_TEXT_SIZE]);

#endif
