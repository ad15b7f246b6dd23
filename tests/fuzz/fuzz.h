/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The door libFuzzer calls; each target defines it. Always returns 0. */
#ifndef CLOGD_TESTS_FUZZ_FUZZ_H
#define CLOGD_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
