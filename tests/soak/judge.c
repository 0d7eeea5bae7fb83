/*
 * judge.c - what the long runs over numbers share
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "judge.h"

enum { JUDGE_STEPS = 100 };

size_t
judge_digits(const char *text)
{
	size_t n = 0, zeros = 0;

	for (; *text != '\0' && *text != 'e'; text++) {
		if (*text < '0' || *text > '9' || (n == 0 && *text == '0'))
			continue;
		n++;
		zeros = *text == '0' ? zeros + 1 : 0;
	}
	return n - zeros;
}

void
judge_progress(const char *what, uint64_t done, uint64_t all)
{
	uint64_t step = all / JUDGE_STEPS + 1;

	if (done % step == 0)
		(void)fprintf(stderr, "%s: %llu of %llu\n", what,
		    (unsigned long long)done, (unsigned long long)all);
}

uint64_t
judge_count(int argc, char *argv[], uint64_t otherwise)
{
	char *end = NULL;
	unsigned long long n;

	if (argc < 2)
		return otherwise;
	n = strtoull(argv[1], &end, 10);
	if (argc > 2 || *end != '\0' || n == 0) {
		(void)fprintf(stderr, "usage: %s [COUNT]\n", argv[0]);
		exit(64);
	}
	return n;
}

struct judge_range
judge_range(int argc, char *argv[], uint64_t all)
{
	struct judge_range range = { 0, all, 1 };
	unsigned long long part, parts;
	char *slash = argc == 2 ? strchr(argv[1], '/') : NULL;
	char *end = NULL;
	uint64_t count;

	if (slash == NULL) {
		count = judge_count(argc, argv, all);
		range.step = count < all ? all / count : 1;
		return range;
	}
	part = strtoull(argv[1], &end, 10);
	if (end == slash) {
		parts = strtoull(slash + 1, &end, 10);
		if (*end == '\0' && part >= 1 && part <= parts &&
		    parts <= UINT32_MAX) {
			range.begin = all * (part - 1) / parts;
			range.end = all * part / parts;
			return range;
		}
	}
	(void)fprintf(stderr, "usage: %s [PART/PARTS | COUNT]\n", argv[0]);
	exit(64);
}
