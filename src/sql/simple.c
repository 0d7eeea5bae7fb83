/*
 * simple.c - a statement for a driver that reads SQL less well than its server
 *
 * Line breaks stay, so that the database's messages name the right line.
 */
#include <string.h>

#include "sql/lexer.h"
#include "sql/simple.h"

/* Whether a piece holds a byte that the driver takes for something. */
static bool
misleads(const struct piece *p)
{
	for (size_t i = 0; i < p->length; i++)
		if (strchr(";?'\"{", p->text[i]) != NULL)
			return true;
	return false;
}

static int
put_blanks(struct buf *out, const struct piece *p, struct err *e)
{
	if (buf_put(out, p->text, p->length, e) < 0)
		return -1;
	for (size_t i = out->length - p->length; i < out->length; i++)
		if (out->data[i] != '\n' && out->data[i] != '\r')
			out->data[i] = ' ';
	return 0;
}

/* [x] or `x` as "x". */
static int
put_name(struct buf *out, const struct piece *p, struct err *e)
{
	const char *end = p->text + p->length - 1;
	int rc = buf_puts(out, "\"", e);

	for (const char *s = p->text + 1; rc == 0 && s < end; s++) {
		if (*s == '`' && *p->text == '`')
			s++; /* it stands twice */
		rc = *s == '"' ? buf_puts(out, "\"\"", e) :
				 buf_put(out, s, 1, e);
	}
	return rc == 0 ? buf_puts(out, "\"", e) : -1;
}

/*
 * Whether SQLite keeps the text: CREATE, in which the driver minds no
 * semicolon. Without parameters nothing in it can mislead.
 */
static bool
is_kept(const char *sql, size_t length, const struct dialect *d)
{
	struct err ignored = ERR_INIT;
	struct lexer l;
	struct piece p;
	bool create = false, seen = false;

	lexer_init(&l, sql, length, d);
	do {
		if (lexer_next(&l, &p, &ignored) < 0)
			return false;
		if (!seen && p.type == PIECE_WORD) {
			create = piece_is(&p, "CREATE");
			seen = true;
		}
		if (p.type == PIECE_OTHER && *p.text == '?')
			return false;
	} while (p.type != PIECE_END && (create || !seen));
	return create;
}

int
simple_put(struct buf *out, const char *sql, size_t length,
    const struct dialect *d, struct err *e)
{
	bool kept = is_kept(sql, length, d);
	struct lexer l;
	struct piece p;
	int rc;

	lexer_init(&l, sql, length, d);
	do {
		if (lexer_next(&l, &p, e) < 0)
			return -1;
		if (kept && p.type == PIECE_WORD)
			return buf_put(
			    out, p.text, (size_t)(l.end - p.text), e);
		if (p.type == PIECE_COMMENT && misleads(&p))
			rc = put_blanks(out, &p, e);
		else if (p.type == PIECE_QUOTED && misleads(&p) &&
		    (*p.text == '[' || *p.text == '`'))
			rc = put_name(out, &p, e);
		else
			rc = buf_put(out, p.text, p.length, e);
	} while (rc == 0 && p.type != PIECE_END);
	return rc;
}
