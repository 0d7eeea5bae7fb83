/*
 * expect.c - what is expected when, for test_expect.py
 *
 * Each line of standard input is ZONE, a tab, an expression, a tab, from and
 * to in seconds UTC. The answer is a line with all expected times within
 * (from, to], each found once by going forward; or "error: why". Going
 * backward must find the same.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spec/schedule.h"

enum { TIMES = 10000, LINE = 1024 };

static int64_t forward[TIMES], backward[TIMES];

static size_t
walk(const struct schedule *s, const char *zone, int64_t from, int64_t to)
{
	struct err e = ERR_INIT;
	size_t n = 0;
	int64_t at;

	for (at = from; schedule_after(s, zone, at, &at, &e) == 1 && at <= to;)
		if (n < TIMES)
			forward[n++] = at;
	return n;
}

static size_t
walk_back(const struct schedule *s, const char *zone, int64_t from, int64_t to)
{
	struct err e = ERR_INIT;
	size_t n = 0;
	int64_t at = to;

	while (schedule_before(s, zone, at, &at, &e) == 1 && at > from) {
		if (n < TIMES)
			backward[n++] = at;
		at--;
	}
	return n;
}

static void
answer(const char *zone, const char *text, int64_t from, int64_t to)
{
	struct schedule s;
	struct err e = ERR_INIT;
	size_t n, m;

	if (schedule_parse(&s, text, &e) < 0) {
		printf("error: %s\n", e.text);
		return;
	}
	n = walk(&s, zone, from * 1000, to * 1000);
	m = walk_back(&s, zone, from * 1000, to * 1000);
	for (size_t i = 0; i < n && n == m; i++)
		if (forward[i] != backward[n - 1 - i])
			m = 0;
	if (n != m) {
		printf("error: backward is not forward\n");
		return;
	}
	for (size_t i = 0; i < n; i++)
		printf("%s%" PRId64, i > 0 ? " " : "", forward[i] / 1000);
	printf("\n");
}

int
main(void)
{
	char line[LINE], zone[LINE], text[LINE];
	int64_t from, to;

	while (fgets(line, sizeof(line), stdin) != NULL) {
		if (sscanf(line, "%[^\t]\t%[^\t]\t%" SCNd64 " %" SCNd64, zone,
			text, &from, &to) != 4) {
			(void)fprintf(stderr, "cannot read %s", line);
			return EXIT_FAILURE;
		}
		answer(zone, text, from, to);
	}
	return EXIT_SUCCESS;
}
