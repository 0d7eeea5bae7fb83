/*
 * doubles.c - random doubles as their shortest text
 *
 *	doubles [COUNT]
 *
 * Each text must read back to the same bits; the shortest %.Ne that does must
 * not be shorter. The seed is printed; SEED in the environment sets it.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/number.h"
#include "judge.h"

enum { DOUBLES_DEFAULT = 100 * 1000 * 1000 };

/* Steele, Lea and Flood, "Fast splittable pseudorandom number generators". */
static uint64_t
next_bits(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15U;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
	return z ^ (z >> 31);
}

static int
is_right(uint64_t bits)
{
	char text[NUMBER_TEXT], other[64];
	double value, back;
	int digits;

	memcpy(&value, &bits, sizeof(value));
	if (number_put_double(text, value, NUMBER_PLAIN) != strlen(text))
		return 0;
	if (isnan(value))
		return strcmp(text, "NaN") == 0;
	back = strtod(text, NULL);
	if (memcmp(&back, &value, sizeof(back)) != 0)
		return 0;
	digits = (int)judge_digits(text);
	if (isinf(value) || digits <= 1)
		return 1;
	(void)snprintf(other, sizeof(other), "%.*e", digits - 2, value);
	return strtod(other, NULL) != value;
}

int
main(int argc, char *argv[])
{
	uint64_t count = judge_count(argc, argv, DOUBLES_DEFAULT);
	const char *given = getenv("SEED");
	uint64_t state = given != NULL ? strtoull(given, NULL, 10) :
					 (uint64_t)time(NULL);
	uint64_t wrong = 0, bits;

	(void)printf("seed %llu\n", (unsigned long long)state);
	for (uint64_t i = 0; i < count; i++) {
		judge_progress("doubles", i, count);
		bits = next_bits(&state);
		/* Every fourth is of few digits or whole, as data is. */
		if (i % 4 == 0) {
			double plain = (double)(int64_t)(bits >> 24) /
			    (i % 8 == 0 ? 1 : 1000);

			memcpy(&bits, &plain, sizeof(bits));
		}
		if (!is_right(bits) && wrong++ < 10)
			(void)printf("wrong: double %016llx\n",
			    (unsigned long long)bits);
	}
	(void)printf("%llu doubles, %llu wrong\n", (unsigned long long)count,
	    (unsigned long long)wrong);
	return wrong > 0;
}
