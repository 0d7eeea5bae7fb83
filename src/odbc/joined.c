/*
 * joined.c - the short values of a row, that SQLite printed as one text
 *
 * What stands beside the text is mark.c's.
 */
#include <stdio.h>
#include <string.h>

#include "odbc/hex.h"
#include "odbc/joined.h"
#include "odbc/mark.h"

/* A text that is being taken apart. */
struct cut {
	const struct joined *joined;
	char *at;      /* the next value */
	char *end;     /* of the text */
	int64_t taken; /* bytes of the cells that are counted */
	bool is_early; /* it ended before its end */
};

void
joined_begin(struct joined *j, const struct statement *st)
{
	j->shown = &st->shown;
	j->end[0] = '~';
	memcpy(j->end + 1, st->mark, WRAP_MARK);
}

static int
refuse(struct err *e)
{
	(void)err_set(
	    e, ERR_INTERNAL, "the row of SQLite is not as it was to print it");
	return err_hint(
	    e, "source.wrap = false fetches the columns as they are.");
}

int
joined_refuse_nul(const char *names, struct err *e)
{
	(void)err_set(e, ERR_DATA,
	    "column %s: the text holds a NUL byte, where the driver ends it",
	    names);
	return err_hint(e,
	    "Select hex(column) or replace(column, char(0), ''), or allow "
	    "the loss with source.lossy = \"warn\".");
}

/* What ends the next value, at or behind `from`; NULL when nothing does. */
static char *
find_end(const struct cut *c, char *from)
{
	while ((from = memchr(from, '~', (size_t)(c->end - from))) != NULL) {
		if (c->end - from < JOINED_END)
			return NULL;
		if (memcmp(from, c->joined->end, JOINED_END) == 0)
			break;
		from++;
	}
	return from;
}

/* The value at c->at: *n bytes; c->at moves on. */
static char *
next_value(struct cut *c, size_t *n)
{
	char *value = c->at, *end = find_end(c, value);

	if (end == NULL) {
		c->is_early = true;
		return NULL;
	}
	*n = (size_t)(end - value);
	c->at = end + JOINED_END;
	return value;
}

static bool
is_special(const struct cut *c)
{
	return c->end - c->at > JOINED_END && *c->at == '^' &&
	    memcmp(c->at + 1, c->joined->end + 1, WRAP_MARK) == 0;
}

/* A whole number at *value, of at most n bytes; bytes taken, or 0. */
static size_t
take_number(const char *value, size_t n, int64_t *number)
{
	size_t i = 0;

	*number = 0;
	for (; i < n && i < 18 && value[i] >= '0' && value[i] <= '9'; i++)
		*number = *number * 10 + (value[i] - '0');
	return i;
}

/* "3,0.1": a REAL, and how many of the counted bytes are its. */
static int
take_counted_real(struct cut *c, char **value, struct cell *cell, struct err *e)
{
	int64_t counted;
	size_t n = take_number(*value, cell->length, &counted);

	if (n == 0 || n >= cell->length || (*value)[n] != ',')
		return refuse(e);
	c->taken += counted;
	*value += n + 1;
	cell->length -= n + 1;
	return mark_take_real(*value, &cell->length, e);
}

/* A value behind its mark and the letter that says what it is. */
static int
take_special(struct cut *c, const struct column_type *t, struct cell *cell,
    struct err *e)
{
	char *value, nibble = '\0', kind = c->at[JOINED_END];
	size_t unused;
	int rc = 0;

	c->at += JOINED_END + 1;
	value = next_value(c, &cell->length);
	if (value == NULL)
		return -1;
	if (t->has_number && kind != 'r' && kind != 'z' &&
	    next_value(c, &unused) == NULL)
		return -1;
	switch (kind) {
	case 'z':
		cell->length = 0;
		return 0;
	case 'r':
		rc = mark_take_real(value, &cell->length, e);
		break;
	case 'q':
		rc = take_counted_real(c, &value, cell, e);
		break;
	case 'x':
	case 'n':
		rc = hex_decode(value, &cell->length, &nibble, true, e);
		cell->form = kind == 'x' ? CELL_BYTES : CELL_TEXT;
		break;
	case 'i':
	case 't':
		break;
	default:
		return refuse(e);
	}
	if (t->is_counted && kind != 'q')
		c->taken += (int64_t)cell->length;
	cell->data = value;
	return rc;
}

static int
take_value(struct cut *c, const struct column_type *t, struct cell *cell,
    struct err *e)
{
	cell->data = NULL;
	cell->length = 0;
	cell->form = CELL_TEXT;
	cell->is_lazy = false;
	if (is_special(c))
		return take_special(c, t, cell, e);
	if (t->has_number)
		return refuse(e);
	cell->data = next_value(c, &cell->length);
	if (cell->data == NULL)
		return -1;
	if (t->is_counted)
		c->taken += (int64_t)cell->length;
	return 0;
}

/* The sum, and then the end: nothing may stand behind it. */
static int
take_sum(struct cut *c, int64_t *sum, struct err *e)
{
	size_t n = 0;
	char *value = next_value(c, &n);

	if (value == NULL)
		return -1;
	if (take_number(value, n, sum) != n || n == 0)
		return refuse(e);
	c->is_early = c->at == c->end;
	if (c->is_early)
		return -1;
	return c->end - c->at == 1 && *c->at == 'e' ? 0 : refuse(e);
}

int
joined_take(const struct joined *j, const struct cell_part *text,
    struct cell *cells, int64_t *left, struct err *e)
{
	struct cut c = { .joined = j, .at = (char *)(uintptr_t)text->data };
	const char *name = "";
	char quoted[160];
	int64_t sum = 0;
	int rc = 0;

	c.end = c.at + text->length;
	for (size_t i = 0; i < j->shown->n; i++) {
		if (j->shown->types[i].lane > 0)
			continue;
		name = j->shown->columns[i].name;
		rc = take_value(&c, &j->shown->types[i], &cells[i], e);
		if (rc < 0)
			break;
	}
	if (rc == 0)
		rc = take_sum(&c, &sum, e);
	*left = sum - c.taken;
	if (!c.is_early)
		return rc;
	(void)snprintf(quoted, sizeof(quoted), "'%s'", name);
	return joined_refuse_nul(quoted, e);
}
