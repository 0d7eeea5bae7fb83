/*
 * wrap.c - a query inside another one, so that its values come out exactly
 *
 * SQLite merges a subquery into the query around it and then evaluates an
 * expression as often as its name stands there: random() would differ from
 * itself. LIMIT -1 inside and WHERE outside prevent that (measured; drivers.md)
 * and are left out where every column is a plain one of a table. Which driver
 * is wrapped how, and who reads the marks, is in the odbc room.
 */
#include <string.h>
#include <strings.h>

#include "sql/lexer.h"
#include "sql/wrap.h"

/* SQLite's limit for the depth of an expression is 1000: sums of sums. */
enum { WRAP_SUM = 30 };

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

/* What values a column can hold, from its declared type. */
enum affinity { AFFINITY_NONE, AFFINITY_INTEGER, AFFINITY_TEXT, AFFINITY_REAL };

static enum affinity
affinity_of(const struct wrap *w, const struct wrap_column *c)
{
	static const char *const text[] = { "CHAR", "CLOB", "TEXT" };
	static const char *const real[] = { "REAL", "FLOA", "DOUB" };

	if (!w->is_trusted || !c->is_plain)
		return AFFINITY_NONE;
	if (strcasestr(c->declared, "INT") != NULL)
		return AFFINITY_INTEGER;
	for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++)
		if (strcasestr(c->declared, text[i]) != NULL)
			return AFFINITY_TEXT;
	/* BLOB has no affinity, and stands before REAL in the rules. */
	if (strcasestr(c->declared, "BLOB") != NULL)
		return AFFINITY_NONE;
	for (size_t i = 0; i < sizeof(real) / sizeof(real[0]); i++)
		if (strcasestr(c->declared, real[i]) != NULL)
			return AFFINITY_REAL;
	return AFFINITY_NONE;
}

/*
 * The value of column i, marked where the driver would not give it exactly.
 * 20 digits, since 17 of SQLite's printf are not always the right ones.
 */
static int
put_value(struct buf *out, const struct wrap *w, size_t i, struct err *e)
{
	enum affinity a = affinity_of(w, &w->columns[i]);

	if (a == AFFINITY_TEXT)
		return buf_printf(out, e, "c%zu", i);
	if (buf_printf(out, e, "case typeof(c%zu)", i) < 0 ||
	    (a == AFFINITY_INTEGER &&
		buf_printf(out, e, " when 'integer' then c%zu", i) < 0))
		return -1;
	return buf_printf(out, e,
	    " when 'real' then printf('%sr%%!.20g',c%zu)"
	    " when 'blob' then '%sx'||hex(c%zu) when 'text' then case "
	    "when instr(c%zu,char(0)) then '%sn'||hex(cast(c%zu as blob)) "
	    "else c%zu end else c%zu end",
	    w->mark, i, w->mark, i, i, w->mark, i, i, i);
}

/*
 * The bytes of the texts that are not marked: what the driver gives must sum
 * up to it, else it stopped at a NUL, or prints bytes as X'00'. Far cheaper
 * (17 ns a cell) than to look for either (80 ns).
 */
static int
put_sum(struct buf *out, const struct wrap *w, struct err *e)
{
	size_t n = 0;

	for (size_t i = 0; i < w->n; i++) {
		w->columns[i].is_counted = affinity_of(w, &w->columns[i]) ==
		    AFFINITY_TEXT;
		if (!w->columns[i].is_counted)
			continue;
		if (buf_puts(out,
			n == 0		      ? ",(" :
			    n % WRAP_SUM == 0 ? ")+(" :
						"+",
			e) < 0 ||
		    buf_printf(
			out, e, "ifnull(length(cast(c%zu as blob)),0)", i) < 0)
			return -1;
		n++;
	}
	return n > 0 ? buf_puts(out, ")", e) : buf_puts(out, ",0", e);
}

static bool
needs_barrier(const struct wrap *w)
{
	for (size_t i = 0; i < w->n; i++)
		if (!w->columns[i].is_plain)
			return true;
	return !w->is_trusted;
}

int
wrap_sqlite(struct buf *out, struct wrap *w, struct err *e)
{
	bool barrier = needs_barrier(w);

	if (buf_printf(out, e, "with %s(", w->mark) < 0)
		return -1;
	for (size_t i = 0; i < w->n; i++)
		if (buf_printf(out, e, "%sc%zu", i > 0 ? "," : "", i) < 0)
			return -1;
	/* A comment may end the statement, so a line break ends the comment. */
	if (buf_printf(out, e, ") as (%s", barrier ? "select * from (" : "") <
		0 ||
	    buf_put(out, w->sql, w->length, e) < 0 ||
	    buf_printf(out, e, "\n%s) select ", barrier ? ") limit -1" : "") <
		0)
		return -1;
	for (size_t i = 0; i < w->n; i++)
		if ((i > 0 && buf_puts(out, ",", e) < 0) ||
		    put_value(out, w, i, e) < 0)
			return -1;
	if (put_sum(out, w, e) < 0)
		return -1;
	return buf_printf(
	    out, e, " from %s%s", w->mark, barrier ? " where 1" : "");
}

int
wrap_postgresql(struct buf *out, const struct wrap *w, struct err *e)
{
	if (buf_printf(out, e, "SELECT %s::text FROM (", w->mark) < 0 ||
	    buf_put(out, w->sql, w->length, e) < 0)
		return -1;
	return buf_printf(out, e, "\n) %s", w->mark);
}
