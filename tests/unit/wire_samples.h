/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One valid message of every kind and one valid operation of every kind, with known bytes. */
#ifndef CLOGD_TESTS_UNIT_WIRE_SAMPLES_H
#define CLOGD_TESTS_UNIT_WIRE_SAMPLES_H

#include <stddef.h>

#include "cluster/wire.h"

#define WIRE_SAMPLE_UUID "LVM-sample"

/* Operations: at least one of each kind. The caller frees with wire_op_free(). */
extern const size_t wire_sample_op_count;
void wire_sample_op(size_t index, struct wire_op *op);

/* Whole messages but WIRE_OPS, which is made of the operations. */
enum wire_sample_message {
	WIRE_SAMPLE_HELLO,
	WIRE_SAMPLE_CENSUS,
	WIRE_SAMPLE_BEGIN,
	WIRE_SAMPLE_DATA,
	WIRE_SAMPLE_MESSAGES,
};
void wire_sample_message(enum wire_sample_message which, struct bytes_buffer *buffer);

#endif
