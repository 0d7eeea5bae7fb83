/*
 * floats.c - every float there is, as its shortest text
 *
 *	floats [COUNT]
 *
 * With a COUNT, so many of them, evenly apart. Each text must read back to
 * the same bits and have no more digits than the shortest of %.1e to %.9e
 * that does.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "judge.h"

static const uint64_t all_floats = (uint64_t)UINT32_MAX + 1;

/* Whether no text of fewer digits reads back: two more are never needed. */
static int
is_shortest(const char *text, float value)
{
	int digits = (int)judge_digits(text);
	char other[64];

	if (digits <= 1)
		return 1;
	(void)snprintf(other, sizeof(other), "%.*e", digits - 2, (double)value);
	return strtof(other, NULL) != value;
}

static int
is_right(uint32_t bits)
{
	char text[NUMBER_TEXT];
	float value, back;
	size_t n;

	memcpy(&value, &bits, sizeof(value));
	n = number_put_float(text, value, NUMBER_PLAIN);
	if (n != strlen(text))
		return 0;
	if (isnan(value))
		return strcmp(text, "NaN") == 0;
	back = strtof(text, NULL);
	return memcmp(&back, &value, sizeof(back)) == 0 &&
	    (isinf(value) || is_shortest(text, value));
}

int
main(int argc, char *argv[])
{
	uint64_t count = judge_count(argc, argv, all_floats);
	uint64_t step, wrong = 0, n = 0;

	if (count > all_floats)
		count = all_floats;
	step = all_floats / count;
	for (uint64_t i = 0; i < all_floats; i += step, n++) {
		judge_progress("floats", i / step, all_floats / step);
		if (is_right((uint32_t)i))
			continue;
		if (wrong++ < 10)
			(void)printf("wrong: float %08x\n", (unsigned)i);
	}
	(void)printf("%llu floats, %llu wrong\n", (unsigned long long)n,
	    (unsigned long long)wrong);
	return wrong > 0;
}
