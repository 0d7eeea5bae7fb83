/*
 * wrap.c - which statements can stand inside another one
 *
 * And PostgreSQL's; SQLite's is wrap_sqlite.c. Which driver is wrapped how, and
 * who reads what comes back, is in the odbc room.
 */
#include <string.h>
#include <strings.h>

#include "sql/lexer.h"
#include "sql/wrap.h"

/* What was seen of a statement. */
struct look {
	char first[16];	    /* its first word */
	int depth;	    /* of parentheses */
	unsigned selects;   /* SELECT or VALUES, anywhere */
	bool has_into;	    /* INTO anywhere */
	bool has_verb;	    /* INSERT, UPDATE, DELETE or MERGE */
	bool has_returning; /* RETURNING anywhere */
	bool has_boundary;  /* a semicolon */
	bool after_for;	    /* FOR or KEY stands before the word */
};

static void
look_at_word(struct look *l, const struct piece *p)
{
	static const char *const verbs[] = { "INSERT", "UPDATE", "DELETE",
		"MERGE", "REPLACE" };

	if (l->first[0] == '\0' && p->length < sizeof(l->first))
		memcpy(l->first, p->text, p->length);
	if (piece_is(p, "SELECT") || piece_is(p, "VALUES"))
		l->selects++;
	if (piece_is(p, "INTO"))
		l->has_into = true;
	if (piece_is(p, "RETURNING"))
		l->has_returning = true;
	/* FOR UPDATE and FOR NO KEY UPDATE lock rows, and are queries. */
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (piece_is(p, verbs[i]) && !l->after_for)
			l->has_verb = true;
	l->after_for = piece_is(p, "FOR") || piece_is(p, "KEY");
}

static void
look_at(struct look *l, const struct piece *p)
{
	switch (p->type) {
	case PIECE_WORD:
		look_at_word(l, p);
		break;
	case PIECE_DELIMITER:
		l->has_boundary = true;
		break;
	case PIECE_OTHER:
		if (*p->text == ';')
			l->has_boundary = true;
		break;
	default:
		break;
	}
}

static bool
begins_with(const struct look *l, const char *word)
{
	return strcasecmp(l->first, word) == 0;
}

/* All of a statement; -1 when it cannot be read. */
static int
look_through(
    struct look *l, const char *sql, size_t length, const struct dialect *d)
{
	struct err ignored = ERR_INIT;
	struct lexer lexer;
	struct piece p = { .type = PIECE_BLANK };

	lexer_init(&lexer, sql, length, d);
	while (p.type != PIECE_END) {
		if (lexer_next(&lexer, &p, &ignored) < 0)
			return -1;
		look_at(l, &p);
	}
	return 0;
}

enum wrap_kind
wrap_kind_of(const char *sql, size_t length, const struct dialect *d)
{
	struct look l = { .depth = 0 };

	if (look_through(&l, sql, length, d) < 0)
		return WRAP_NOT;
	if (l.has_boundary || l.has_into)
		return WRAP_NOT;
	if (begins_with(&l, "WITH") && l.has_verb)
		return WRAP_NOT;
	if (!begins_with(&l, "SELECT") && !begins_with(&l, "WITH") &&
	    !begins_with(&l, "VALUES") && !begins_with(&l, "TABLE"))
		return WRAP_NOT;
	return begins_with(&l, "SELECT") && l.selects == 1 ? WRAP_SIMPLE :
							     WRAP_ANY;
}

int
wrap_plainly(struct buf *out, const char *sql, size_t length,
    const struct dialect *d, struct err *e)
{
	struct look l = { .depth = 0 };
	const char *end = "";

	if (look_through(&l, sql, length, d) < 0)
		return 0;
	if (begins_with(&l, "VALUES")) {
		if (buf_puts(out, "select * from (", e) < 0)
			return -1;
		end = "\n)";
	} else if (!l.has_returning || !l.has_verb || begins_with(&l, "WITH") ||
	    begins_with(&l, "CREATE") || begins_with(&l, "EXPLAIN"))
		return 0;
	else if (buf_puts(out, "with odbcship as (select 1) ", e) < 0)
		return -1;
	return buf_put(out, sql, length, e) < 0 || buf_puts(out, end, e) < 0 ?
	    -1 :
	    1;
}

int
wrap_postgresql(struct buf *out, const struct wrap *w, struct err *e)
{
	if (buf_printf(out, e, "SELECT %s::text FROM (", w->mark) < 0 ||
	    buf_put(out, w->sql, w->length, e) < 0)
		return -1;
	return buf_printf(out, e, "\n) %s", w->mark);
}
