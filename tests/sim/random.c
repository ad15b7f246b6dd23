/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/sim/random.h"

/* splitmix64: one word of state, equidistributed, and any state will do. */
uint64_t random_u64(struct random *random)
{
	uint64_t word = random->state += 0x9e3779b97f4a7c15ULL;

	word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9ULL;
	word = (word ^ (word >> 27)) * 0x94d049bb133111ebULL;
	return word ^ (word >> 31);
}

void random_init(struct random *random, uint64_t seed, uint64_t stream)
{
	random->state = seed;
	random->state = random_u64(random) ^ stream;
	random->state = random_u64(random);
}

uint64_t random_below(struct random *random, uint64_t limit)
{
	return random_u64(random) % limit;
}

uint64_t random_between(struct random *random, uint64_t low, uint64_t high)
{
	return low + random_below(random, high - low + 1);
}

bool random_chance(struct random *random, uint32_t per_mille)
{
	return random_below(random, 1000) < per_mille;
}

uint64_t random_delay(struct random *random, uint64_t typical)
{
	uint64_t dice = random_below(random, 100);
	uint64_t most = dice < 90 ? typical : dice < 99 ? 4 * typical : 20 * typical;

	return random_below(random, most + 1);
}
