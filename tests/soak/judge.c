/*
 * judge.c - what the long runs over numbers share
 */
#include <stdio.h>
#include <stdlib.h>

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
