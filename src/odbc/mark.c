/*
 * mark.c - values that SQLite printed with a mark in front
 *
 * Works in place: no value is longer than its marked form. A REAL is never
 * longer than a part, so it is there as a whole.
 */
#include <stdint.h>
#include <string.h>

#include "base/number.h"
#include "odbc/hex.h"
#include "odbc/mark.h"

/* 20 digits as SQLite prints them: the nearest double is the stored one. */
int
mark_take_real(char *data, size_t *length, struct err *e)
{
	char text[NUMBER_TEXT];
	double value;

	if (!number_get_double(data, *length, &value))
		return err_set(e, ERR_INTERNAL, "'%.*s' instead of a number",
		    (int)(*length < sizeof(text) ? *length : sizeof(text)),
		    data);
	*length = number_put_double(text, value, NUMBER_POINT);
	memcpy(data, text, *length);
	return 0;
}

static bool
is_marked(const struct marked *m, const char *data, size_t n)
{
	return n > WRAP_MARK && memcmp(data, m->mark, WRAP_MARK) == 0;
}

int
mark_read(struct marked *m, struct cell_part *part, struct err *e)
{
	char *data = (char *)(uintptr_t)part->data;
	size_t n = part->length;

	if (!m->has_begun) {
		m->kind = 0;
		m->nibble = 0;
		if (is_marked(m, data, n)) {
			m->kind = data[WRAP_MARK];
			data += WRAP_MARK + 1;
			n -= WRAP_MARK + 1;
		}
	}
	m->has_begun = part->more;
	if (m->kind == 0)
		return 0;
	if (m->kind == 'r') {
		/* The text may be longer than what is left behind the mark. */
		if (mark_take_real(data, &n, e) < 0)
			return -1;
	} else if (hex_decode(data, &n, &m->nibble, !part->more, e) < 0)
		return -1;
	part->data = data;
	part->length = n;
	part->form = m->kind == 'x' ? CELL_BYTES : CELL_TEXT;
	return 0;
}

int
mark_take(struct marked *m, struct cell *cell, struct err *e)
{
	struct cell_part part = { cell->data, cell->length, CELL_TEXT, false };

	if (!is_marked(m, cell->data, cell->length))
		return 0;
	m->has_begun = false;
	if (mark_read(m, &part, e) < 0)
		return -1;
	cell->data = part.data;
	cell->length = part.length;
	cell->form = part.form;
	return 0;
}
