/*
 * random.h - random data for tests, with a seed that can be given again
 *
 * The seed is printed; $SEED sets it.
 */
#ifndef TESTS_RANDOM_H
#define TESTS_RANDOM_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static uint64_t random_state;

/* Begin, once in a test: says the seed. */
static inline void
random_seed(void)
{
	const char *given = getenv("SEED");
	uint64_t seed = given != NULL ? strtoull(given, NULL, 10) :
					(uint64_t)time(NULL);

	random_state = seed * 2 + 1;
	printf("# SEED=%llu\n", (unsigned long long)seed);
}

/* xorshift64* (Vigna, 2016). */
static inline uint64_t
random_next(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * UINT64_C(2685821657736338717);
}

/* A number from 0 to n - 1; n > 0. */
static inline size_t
random_below(size_t n)
{
	return (size_t)((random_next() >> 11) % n);
}

#endif
