/*
 * value.c - what a cell holds, and how generated ones are made
 *
 * A value is read from any place at any time, so that one of a gigabyte needs
 * no gigabyte. Everything is the same in every run. How a value gets into a
 * program's buffer: convert.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "play.h"

/* A short pattern is written out this far, so that copying is fast. */
enum { PATTERN_BYTES = 64 * 1024 };

static int
hex_value(char c)
{
	const char *digits = "0123456789abcdef";
	const char *at = c != '\0' ? strchr(digits, c | 0x20) : NULL;

	return at != NULL ? (int)(at - digits) : -1;
}

static int
parse_hex(struct arena *a, const char *text, struct cell *cell)
{
	size_t n = strlen(text) / 2;
	char *bytes = arena_new(a, n + 1);

	if (strlen(text) % 2 != 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		int high = hex_value(text[2 * i]);
		int low = hex_value(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return -1;
		bytes[i] = (char)(high * 16 + low);
	}
	cell->kind = CELL_TEXT;
	cell->data = bytes;
	cell->length = n;
	return 0;
}

/* A number at *s, and what ends it. */
static int
parse_count(const char **s, char end, uint64_t *number)
{
	char *after;

	if (**s < '0' || **s > '9')
		return -1;
	*number = strtoull(*s, &after, 10);
	if (*after != end)
		return -1;
	*s = end != '\0' ? after + 1 : after;
	return 0;
}

/* repeat:TIMES:TEXT */
static int
parse_repeat(struct arena *a, const struct word *w, struct cell *cell)
{
	const char *s = w->text + strlen("repeat:");
	uint64_t times;
	size_t n, copies;
	char *pattern;

	if (parse_count(&s, ':', &times) < 0)
		return -1;
	n = w->length - (size_t)(s - w->text);
	if (n == 0)
		return -1;
	copies = n < PATTERN_BYTES ? PATTERN_BYTES / n : 1;
	pattern = arena_new(a, n * copies);
	for (size_t i = 0; i < copies; i++)
		memcpy(pattern + i * n, s, n);
	cell->kind = CELL_REPEAT;
	cell->data = pattern;
	cell->length = n * copies;
	cell->total = times * n;
	return 0;
}

/* text:LENGTH: letters that say where they are. */
static int
parse_text(struct arena *a, const char *s, struct cell *cell)
{
	uint64_t n;
	char *text;

	if (parse_count(&s, '\0', &n) < 0 || n > 1000 * 1000)
		return -1;
	text = arena_new(a, (size_t)n + 1);
	for (uint64_t i = 0; i < n; i++)
		text[i] = (char)('a' + i % 26);
	cell->kind = CELL_TEXT;
	cell->data = text;
	cell->length = (size_t)n;
	return 0;
}

static int
parse_total(const char *s, char end, enum cell_kind kind, struct cell *cell)
{
	cell->kind = kind;
	if (parse_count(&s, end, &cell->total) < 0)
		return -1;
	return end == '\0' ? 0 : parse_count(&s, '\0', &cell->number);
}

static int
parse_number(const char *s, enum cell_kind kind, struct cell *cell)
{
	cell->kind = kind;
	return parse_count(&s, '\0', &cell->number);
}

/* env:NAME: a variable, as it is when the script is read. */
static void
parse_variable(struct arena *a, const char *name, struct cell *cell)
{
	const char *value = getenv(name);

	if (value == NULL)
		return;
	cell->kind = CELL_TEXT;
	cell->length = strlen(value);
	cell->data = memcpy(
	    arena_new(a, cell->length + 1), value, cell->length + 1);
}

static bool
begins(const struct word *w, const char *prefix)
{
	size_t n = strlen(prefix);

	return w->plain >= n && memcmp(w->text, prefix, n) == 0;
}

int
cell_parse(struct arena *a, const struct word *w, struct cell *cell)
{
	const struct words one = { (struct word *)(uintptr_t)w, 1 };

	memset(cell, 0, sizeof(*cell));
	if (words_is(&one, 0, "NULL"))
		return 0;
	if (begins(w, "hex:"))
		return parse_hex(a, w->text + 4, cell);
	if (begins(w, "repeat:"))
		return parse_repeat(a, w, cell);
	if (begins(w, "random:"))
		return parse_total(w->text + 7, ':', CELL_RANDOM, cell);
	if (begins(w, "mixed:"))
		return parse_total(w->text + 6, '\0', CELL_MIXED, cell);
	if (begins(w, "text:"))
		return parse_text(a, w->text + 5, cell);
	if (begins(w, "param:"))
		return parse_number(w->text + 6, CELL_PARAM, cell);
	if (begins(w, "counter:"))
		return parse_number(w->text + 8, CELL_COUNTER, cell);
	if (begins(w, "number:"))
		return parse_number(w->text + 7, CELL_NUMBER, cell);
	if (begins(w, "env:")) {
		parse_variable(a, w->text + 4, cell);
		return 0;
	}
	cell->kind = CELL_TEXT;
	cell->data = w->text;
	cell->length = w->length;
	return 0;
}

/* splitmix64, public domain (Sebastiano Vigna). */
static uint64_t
scatter(uint64_t x)
{
	x += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

static char
random_byte(uint64_t seed, uint64_t at)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";

	return letters[(scatter(seed ^ scatter(at >> 3)) >> (8 * (at & 7))) &
	    63];
}

void
value_read(const struct value *v, uint64_t from, char *to, size_t n)
{
	size_t start, part;

	if (v->pattern == NULL) {
		for (size_t i = 0; i < n; i++)
			to[i] = random_byte(v->seed, from + i);
		return;
	}
	if (n == 0)
		return;
	for (start = (size_t)(from % v->period); n > 0; start = 0) {
		part = v->period - start < n ? v->period - start : n;
		memcpy(to, v->pattern + start, part);
		to += part;
		n -= part;
	}
}

/* What a CSV writer must not get wrong; then letters. */
static void
put_mixed(const struct cell *cell, uint64_t row, struct value *v)
{
	static const char *const heads[] = { "", "", "a,b", "\"", "\"\"",
		"\r\n", "\n", "\r", ";", " ", "\xc3\xa9", "\xe2\x82\xac",
		"\xf0\x9f\x98\x80", "\t", "'", "=1+1" };
	uint64_t h = scatter(row ^ scatter(cell->total));
	const char *head = heads[h & 15];
	size_t n = strlen(head);
	size_t length = (size_t)((h >> 8) % (cell->total + 1));

	v->pattern = v->small;
	v->is_null = ((h >> 4) & 15) == 0;
	if (length > VALUE_SMALL)
		length = VALUE_SMALL;
	if (n > length)
		length = n <= cell->total ? n : 0;
	if (length > 0) {
		memset(v->small, 'a' + (int)(h >> 40) % 26, length);
		memcpy(v->small, head, n < length ? n : length);
	}
	v->length = length;
}

void
cell_value(const struct cell *cell, uint64_t row, struct value *v)
{
	v->is_null = false;
	v->pattern = cell->data;
	v->period = cell->length;
	v->length = cell->length;
	switch (cell->kind) {
	case CELL_REPEAT:
		v->length = cell->total;
		break;
	case CELL_RANDOM:
		v->pattern = NULL;
		v->length = cell->total;
		v->seed = scatter(cell->number ^ scatter(row));
		break;
	case CELL_COUNTER:
	case CELL_NUMBER:
		v->pattern = v->small;
		v->length = (uint64_t)(cell->kind == CELL_COUNTER ?
			snprintf(v->small, VALUE_SMALL, "%llu",
			    (unsigned long long)(cell->number + row)) :
			snprintf(v->small, VALUE_SMALL, "%lld",
			    (long long)scatter(cell->number ^ scatter(row))));
		break;
	case CELL_MIXED:
		put_mixed(cell, row, v);
		break;
	case CELL_TEXT:
		break;
	case CELL_NULL:
	case CELL_PARAM: /* stmt_value() knows */
	default:
		v->is_null = true;
		break;
	}
	if (v->pattern == v->small)
		v->period = (size_t)v->length;
}
