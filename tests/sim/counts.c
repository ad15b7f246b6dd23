/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/sim/counts.h"

static const char *const texts[COUNT_KINDS] = {
#define X(name, text) [COUNT_##name] = text,
	COUNTS(X)
#undef X
};

void counts_add(struct counts *sum, const struct counts *more)
{
	for (int i = 0; i < COUNT_KINDS; i++)
		sum->of[i] += more->of[i];
}

void counts_print(const struct counts *counts, FILE *out)
{
	for (int i = 0; i < COUNT_KINDS; i++)
		fprintf(out, "%12llu  %s\n", (unsigned long long)counts->of[i], texts[i]);
}
