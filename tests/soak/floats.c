/*
 * floats.c - every float there is, as its shortest text
 *
 *	floats [PART/PARTS | COUNT]
 *
 * With PART/PARTS, that part of them (1/2 and 2/2 are all); with a COUNT, so
 * many of them, evenly apart. interval.c is the judge of each, and the C
 * library of some: that the text reads back, and one of fewer digits does not.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "interval.h"
#include "judge.h"

/* Two floats of each size, which differ in their sign. */
static const uint64_t all_sizes = (uint64_t)INT32_MAX + 1;
static const uint32_t sign = UINT32_C(1) << 31;
static const uint32_t infinity = UINT32_C(0x7f800000);

enum { JUDGED_TWICE = 1009 }; /* one float of so many, and all evenly apart */

/* Texts that are wrong in each way, to see that the judge says so. */
static const struct {
	float value;
	const char *text;
	enum interval_fault fault;
} judged[] = { { 0.1F, "0.1", INTERVAL_RIGHT }, { 0.1F, ".1", INTERVAL_FORM },
	{ 0.1F, "0.10", INTERVAL_FORM }, { 0.1F, "1e-01", INTERVAL_FORM },
	{ 1e20F, "100000000000000000000", INTERVAL_FORM },
	{ 1e20F, "10e+19", INTERVAL_FORM }, { 1.0F, "", INTERVAL_FORM },
	{ 0.1F, "0.10000002", INTERVAL_OTHER }, { 0.1F, "0.2", INTERVAL_OTHER },
	{ 1e20F, "1e-20", INTERVAL_OTHER },
	{ 16777216.0F, "16777217", INTERVAL_NOT_NEAREST },
	{ 0.1F, "0.100000001", INTERVAL_LONG },
	{ 16777218.0F, "16777217", INTERVAL_OTHER },
	{ 16777220.0F, "16777219", INTERVAL_LONG },
	{ 1e-45F, "1.4e-45", INTERVAL_LONG },
	{ 1e-45F, "2e-45", INTERVAL_NOT_NEAREST } };

static size_t
put(char text[NUMBER_TEXT], uint32_t bits)
{
	float value;

	memcpy(&value, &bits, sizeof(value));
	return number_put_float(text, value, NUMBER_PLAIN);
}

/* By the C library, which takes far longer. */
static int
is_right_again(const char *text, uint32_t bits)
{
	int digits = (int)judge_digits(text);
	float value, back = strtof(text, NULL);
	char other[64];

	memcpy(&value, &bits, sizeof(value));
	if (memcmp(&back, &value, sizeof(back)) != 0)
		return 0;
	if (digits <= 1)
		return 1;
	(void)snprintf(other, sizeof(other), "%.*e", digits - 2, (double)value);
	return strtof(other, NULL) != value;
}

/* The text of a float without a sign, and its length. */
static int
is_right(const char *text, size_t n, uint32_t bits, int twice)
{
	if (n != strlen(text))
		return 0;
	if (bits >= infinity)
		return strcmp(text, bits > infinity ? "NaN" : "Infinity") == 0;
	if (bits == 0)
		return strcmp(text, "0") == 0;
	return interval_judge(bits, text) == INTERVAL_RIGHT &&
	    (!twice || is_right_again(text, bits));
}

/* That text with a sign in front, if it is a number. */
static int
is_negative_right(const char *positive, size_t n, uint32_t bits)
{
	char text[NUMBER_TEXT];

	if (bits > infinity)
		return put(text, bits | sign) == 3 && strcmp(text, "NaN") == 0;
	return put(text, bits | sign) == n + 1 && text[0] == '-' &&
	    memcmp(text + 1, positive, n + 1) == 0;
}

/* How many of the two floats of a size are wrong; they are told. */
static unsigned
judge_size(uint32_t bits, int twice)
{
	char text[NUMBER_TEXT];
	size_t n = put(text, bits);
	int right = is_right(text, n, bits, twice);
	int negative_right = is_negative_right(text, n, bits);

	if (!right)
		(void)printf("wrong: float %08x: %s\n", (unsigned)bits, text);
	if (!negative_right)
		(void)printf("wrong: float %08x\n", (unsigned)(bits | sign));
	return (unsigned)!right + (unsigned)!negative_right;
}

static unsigned
judge_the_judge(void)
{
	unsigned wrong = 0;
	uint32_t bits;

	for (size_t i = 0; i < sizeof(judged) / sizeof(judged[0]); i++) {
		memcpy(&bits, &judged[i].value, sizeof(bits));
		if (interval_judge(bits, judged[i].text) == judged[i].fault)
			continue;
		(void)printf("misjudged: %s\n", judged[i].text);
		wrong++;
	}
	return wrong;
}

int
main(int argc, char *argv[])
{
	struct judge_range range = judge_range(argc, argv, all_sizes);
	uint64_t wrong = judge_the_judge(), n = 0;
	uint64_t all = (range.end - range.begin) / range.step;
	int twice;

	for (uint64_t i = range.begin; i < range.end; i += range.step, n++) {
		judge_progress("sizes of floats", n, all);
		twice = range.step > 1 || i % JUDGED_TWICE == 0;
		wrong += judge_size((uint32_t)i, twice);
		if (wrong > 10)
			break;
	}
	(void)printf("%llu floats, %llu wrong\n", (unsigned long long)n * 2,
	    (unsigned long long)wrong);
	return wrong > 0;
}
