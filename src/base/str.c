/*
 * str.c - units, suggestions, UTF-8, escaping
 *
 * Nothing here knows what a text means; that is spec's and cli's business.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "base/utf8.h"

/* Longest words that suggestions are made for. */
enum { NEAREST_MAX = 64 };

/* A unit and what it is worth in the smallest one. */
struct unit {
	const char *name;
	uint64_t worth;
};

static const struct unit durations[] = { { "ms", 1 }, { "s", 1000 },
	{ "m", 60000 }, { "h", 3600000 }, { "d", 86400000 }, { NULL, 0 } };

static const struct unit sizes[] = { { "B", 1 }, { "kB", 1000 },
	{ "MB", 1000000 }, { "GB", 1000000000 }, { "TB", 1000000000000 },
	{ "KiB", 1024 }, { "MiB", 1024 * 1024 }, { "GiB", 1024 * 1024 * 1024 },
	{ "TiB", 1024ULL * 1024 * 1024 * 1024 }, { NULL, 0 } };

char *
str_dup(const char *text)
{
	return text != NULL ? strdup(text) : NULL;
}

static const struct unit *
find_unit(const struct unit *units, const char *text, size_t n)
{
	for (; units->name != NULL; units++)
		if (strlen(units->name) == n &&
		    memcmp(units->name, text, n) == 0)
			return units;
	return NULL;
}

/* Read "1h30m": numbers with units, added up; "0" alone is 0. */
static int
read_units(const char *text, const struct unit *units, uint64_t *sum)
{
	const char *at = text;

	*sum = 0;
	if (strcmp(text, "0") == 0)
		return 0;
	do {
		const struct unit *unit;
		char *end;
		uint64_t n;
		size_t length;

		if (!isdigit((unsigned char)*at))
			return -1;
		errno = 0;
		n = strtoull(at, &end, 10);
		length = strcspn(end, "0123456789");
		unit = find_unit(units, end, length);
		if (errno != 0 || unit == NULL ||
		    n > (uint64_t)INT64_MAX / unit->worth ||
		    *sum > (uint64_t)INT64_MAX - n * unit->worth)
			return -1;
		*sum += n * unit->worth;
		at = end + length;
	} while (*at != '\0');
	return 0;
}

int
str_duration(const char *text, uint64_t *ms, struct err *e)
{
	if (read_units(text, durations, ms) == 0)
		return 0;
	(void)err_set(e, ERR_SPEC, "'%s' is not a duration", text);
	return err_hint(e,
	    "Write a number with ms, s, m, h or d, like \"90s\" "
	    "or \"1h30m\"; \"0\" is no limit.");
}

int
str_size(const char *text, uint64_t *bytes, struct err *e)
{
	if (read_units(text, sizes, bytes) == 0)
		return 0;
	(void)err_set(e, ERR_SPEC, "'%s' is not a size", text);
	return err_hint(e,
	    "Write a number with B, kB, MB, GB, KiB, MiB or "
	    "GiB, like \"64MiB\".");
}

int
str_integer(const char *text, int64_t *value, struct err *e)
{
	char *end;
	long long n;

	errno = 0;
	n = strtoll(text, &end, 10);
	if (*text == '\0' || isspace((unsigned char)*text) || *end != '\0' ||
	    errno != 0)
		return err_set(e, ERR_SPEC, "'%s' is not a whole number", text);
	*value = n;
	return 0;
}

static int
min3(int a, int b, int c)
{
	int m = a < b ? a : b;

	return m < c ? m : c;
}

/* Optimal string alignment: edits and transpositions, case-blind. */
static int
distance(const char *a, const char *b)
{
	int rows[3][NEAREST_MAX + 1];
	int *before = rows[0], *last = rows[1], *row = rows[2];
	int n = (int)strlen(a), m = (int)strlen(b);

	if (n > NEAREST_MAX || m > NEAREST_MAX)
		return n + m; /* not near */
	for (int j = 0; j <= m; j++)
		last[j] = j;
	for (int i = 1; i <= n; i++) {
		int *spare = before;

		row[0] = i;
		for (int j = 1; j <= m; j++) {
			int x = tolower((unsigned char)a[i - 1]);
			int y = tolower((unsigned char)b[j - 1]);

			row[j] = min3(last[j] + 1, row[j - 1] + 1,
			    last[j - 1] + (x != y));
			if (i > 1 && j > 1 &&
			    x == tolower((unsigned char)b[j - 2]) &&
			    y == tolower((unsigned char)a[i - 2]) &&
			    before[j - 2] + 1 < row[j])
				row[j] = before[j - 2] + 1;
		}
		before = last;
		last = row;
		row = spare;
	}
	return last[m];
}

const char *
str_nearest(const char *name, const char *const *candidates, size_t n)
{
	size_t length = strlen(name);
	int most = length < 6 ? 1 + (length > 3) : (int)length / 3;
	const char *nearest = NULL;
	int best = 2 * most + 1; /* in half edits */

	for (size_t i = 0; i < n; i++) {
		int d = 2 * distance(name, candidates[i]);

		/* A beginning is likelier than any slip of the finger. */
		if (length >= 3 &&
		    strncasecmp(name, candidates[i], length) == 0 && d > 1)
			d = 1;
		if (d < best) {
			best = d;
			nearest = candidates[i];
		}
	}
	return nearest;
}

bool
str_has_control(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return true;
	return false;
}

int
str_escape(struct buf *b, const char *data, size_t n, struct err *e)
{
	const unsigned char *s = (const unsigned char *)data;
	size_t i = 0;

	while (i < n) {
		size_t length = utf8_character(s + i, n - i);
		int rc;

		if (s[i] == '\n' || s[i] == '\r') {
			while (i < n && (s[i] == '\n' || s[i] == '\r'))
				i++;
			rc = buf_put(b, " ", 1, e);
		} else if (length == 0 || s[i] < 0x20 || s[i] == 0x7f ||
		    (s[i] == 0xc2 && s[i + 1] < 0xa0)) {
			/* Also U+0080..U+009F: terminals obey some of them. */
			rc = buf_printf(b, e, "\\x%02x", s[i]);
			i++;
		} else {
			rc = buf_put(b, s + i, length, e);
			i += length;
		}
		if (rc < 0)
			return -1;
	}
	return 0;
}

void
str_put_duration(char *text, size_t size, uint64_t ms)
{
	uint64_t s = ms / 1000;

	if (ms < 10000)
		(void)snprintf(text, size, "%.2f s", (double)ms / 1000);
	else if (s < 60)
		(void)snprintf(text, size, "%.1f s", (double)ms / 1000);
	else if (s < 3600)
		(void)snprintf(text, size, "%" PRIu64 " min %02" PRIu64 " s",
		    s / 60, s % 60);
	else if (s < 48 * 3600)
		(void)snprintf(text, size, "%" PRIu64 " h %02" PRIu64 " min",
		    s / 3600, s / 60 % 60);
	else
		(void)snprintf(text, size, "%" PRIu64 " d %02" PRIu64 " h",
		    s / 86400, s / 3600 % 24);
}

void
str_put_size(char *text, size_t size, uint64_t bytes)
{
	static const char *const names[] = { "kB", "MB", "GB", "TB", "PB" };
	double n = (double)bytes / 1000;
	size_t i = 0;

	if (bytes < 1000) {
		(void)snprintf(text, size, "%" PRIu64 " B", bytes);
		return;
	}
	/* 999.95 would be written as 1000.0. */
	while (n >= 999.95 && i + 1 < sizeof(names) / sizeof(names[0])) {
		n /= 1000;
		i++;
	}
	(void)snprintf(text, size, "%.1f %s", n, names[i]);
}

void
str_put_count(char *text, size_t size, uint64_t n)
{
	char digits[24];
	size_t length = (size_t)snprintf(digits, sizeof(digits), "%" PRIu64, n);
	size_t out = 0;

	for (size_t i = 0; i < length && out + 2 < size; i++) {
		if (i > 0 && (length - i) % 3 == 0)
			text[out++] = ',';
		text[out++] = digits[i];
	}
	text[out] = '\0';
}

void
str_put_hex(char *text, const unsigned char *data, size_t n)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		text[2 * i] = digits[data[i] >> 4];
		text[2 * i + 1] = digits[data[i] & 15];
	}
	text[2 * n] = '\0';
}
