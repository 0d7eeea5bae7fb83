/*
 * order.c - the ORDER BY of a SQLite query, in the query around it
 *
 * A term that is a bare word names what is called so with AS, else the column
 * of a table; when one column of the result alone has that name, and all of
 * them are plain columns, it is both. (Not so where USING or NATURAL makes one
 * name of several columns.) A whole number names a column of the result by its
 * place. Everything else stays where it is.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sql/lexer.h"
#include "sql/order.h"

enum { ORDER_DIGITS = 4 }; /* of a column's place */

/* An order that is read. */
struct order {
	const struct wrap *wrap; /* borrowed */
	struct buf *out;	 /* borrowed: gets the terms */
	struct lexer lexer;	 /* reads the query */
	struct piece p;		 /* the current piece, no blank */
};

/* The next piece that is neither blank nor comment; -1 at what is no SQL. */
static int
next(struct order *o)
{
	struct err ignored = ERR_INIT;

	do {
		if (lexer_next(&o->lexer, &o->p, &ignored) < 0)
			return -1;
	} while (o->p.type == PIECE_BLANK || o->p.type == PIECE_COMMENT);
	return 0;
}

static bool
is_byte(const struct piece *p, char byte)
{
	return p->type == PIECE_OTHER && p->length == 1 && *p->text == byte;
}

static bool
is_one_of(const struct piece *p, const char *const *words)
{
	for (; *words != NULL; words++)
		if (piece_is(p, *words))
			return true;
	return false;
}

/* Go on to the ORDER of the query itself: 1, with *at where it stands. */
static int
find_order(struct order *o, const char **at)
{
	/* With these the order decides what comes, or names are shared. */
	static const char *const barred[] = { "LIMIT", "DISTINCT", "GROUP",
		"HAVING", "WINDOW", "USING", "NATURAL", NULL };
	int depth = 0;

	while (next(o) == 0 && o->p.type != PIECE_END) {
		if (is_byte(&o->p, '('))
			depth++;
		else if (is_byte(&o->p, ')'))
			depth--;
		else if (is_one_of(&o->p, barred))
			return 0;
		else if (depth == 0 && piece_is(&o->p, "ORDER")) {
			*at = o->p.text;
			return next(o) == 0 && piece_is(&o->p, "BY") &&
			    next(o) == 0;
		}
	}
	return 0;
}

/* The column that a place is of, or n. */
static size_t
find_place(const struct wrap *w, const struct piece *p)
{
	size_t place;

	for (size_t i = 0; i < p->length; i++)
		if (!isdigit((unsigned char)p->text[i]))
			return w->n;
	if (p->length > ORDER_DIGITS)
		return w->n;
	place = strtoul(p->text, NULL, 10);
	return place > 0 && place <= w->n ? place - 1 : w->n;
}

/*
 * The one column that has the name, or n. The driver may have changed the name
 * of a column that stands alone (odbc/exact.c).
 */
static size_t
find_name(const struct wrap *w, const struct piece *p)
{
	/* Values that look like names, where no quotes are around them. */
	static const char *const values[] = { "NULL", "CURRENT_DATE",
		"CURRENT_TIME", "CURRENT_TIMESTAMP", NULL };
	size_t found = w->n;

	if (w->n == 1 || is_one_of(p, values))
		return w->n;
	for (size_t i = 0; i < w->n; i++) {
		const char *name = w->columns[i].name;

		if (strlen(name) != p->length ||
		    strncasecmp(name, p->text, p->length) != 0)
			continue;
		if (found < w->n)
			return w->n;
		found = i;
	}
	return found;
}

/* One term and its direction: 1, or 0 when it is not to be taken out. */
static int
take_term(struct order *o, struct err *e)
{
	static const char *const directions[] = { "ASC", "DESC", "NULLS",
		"FIRST", "LAST", NULL };
	const struct wrap *w = o->wrap;
	size_t i;

	if (o->p.type != PIECE_WORD)
		return 0;
	i = isdigit((unsigned char)*o->p.text) ? find_place(w, &o->p) :
						 find_name(w, &o->p);
	if (i == w->n)
		return 0;
	if (buf_printf(o->out, e, "c%zu", i) < 0)
		return -1;
	while (next(o) == 0 && is_one_of(&o->p, directions))
		if (buf_puts(o->out, " ", e) < 0 ||
		    buf_put(o->out, o->p.text, o->p.length, e) < 0)
			return -1;
	return 1;
}

/* All terms to the end: 1, or 0 when one is not to be taken out. */
static int
take_terms(struct order *o, struct err *e)
{
	int rc = take_term(o, e);

	while (rc > 0 && is_byte(&o->p, ',')) {
		if (next(o) < 0)
			return 0;
		if (buf_puts(o->out, ",", e) < 0)
			return -1;
		rc = take_term(o, e);
	}
	return rc > 0 ? o->p.type == PIECE_END : rc;
}

int
order_take(struct buf *out, const struct wrap *w, size_t *length, struct err *e)
{
	struct order o = { .wrap = w, .out = out };
	const char *at;
	int rc;

	lexer_init(&o.lexer, w->sql, w->length, dialect_by_name("sqlite"));
	if (find_order(&o, &at) <= 0)
		return 0;
	if (buf_puts(out, " order by ", e) < 0)
		return -1;
	rc = take_terms(&o, e);
	if (rc > 0)
		*length = (size_t)(at - w->sql);
	else if (rc == 0)
		buf_reset(out);
	return rc;
}
