/*
 * wrap_sqlite.c - a SQLite query inside another one, so that its values come
 * out exactly and at little cost
 *
 * Each column that the driver hands over costs it more than the value in it
 * (1500 instructions, measured), so printf() puts all short ones into one
 * text. It is the cheapest way that SQLite has: || copies what was before,
 * quote() and replace() look at every byte. What each kind of column needs to
 * be exact follows from its declared type, as far as that can be trusted.
 *
 * SQLite merges a subquery into the query around it and then evaluates an
 * expression as often as its name stands there: random() would differ from
 * itself. LIMIT -1 inside and WHERE outside prevent that (measured; drivers.md)
 * and are left out where every column is a plain one of a table.
 */
#include <stdlib.h>
#include <string.h>

#include "sql/order.h"
#include "sql/wrap.h"

enum {
	WRAP_SUM = 30,	   /* SQLite's limit for the depth of an expression is
			* 1000: sums of sums */
	WRAP_ARGS = 90,	   /* and for the arguments of a function 100 */
	WRAP_SHORT = 4096, /* bytes of a text that is never long */
	WRAP_FEW = 2	   /* so many texts without a size may be documents */
};

/* What values a column can hold, from its declared type. */
enum column_class {
	CLASS_ANY,
	CLASS_INTEGER,
	CLASS_TEXT,
	CLASS_NUMBER, /* mostly REAL */
	CLASS_MOMENT  /* mostly TEXT */
};

static bool
is_declared(const struct wrap_column *c, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strcasestr(c->declared, *words) != NULL)
			return true;
	return false;
}

/* sqlite.org/datatype3.html 3.1; within NUMERIC it is only what is usual. */
static enum column_class
class_by_type(const struct wrap_column *c)
{
	static const char *const integer[] = { "INT", NULL };
	static const char *const text[] = { "CHAR", "CLOB", "TEXT", NULL };
	static const char *const any[] = { "BLOB", NULL };
	static const char *const number[] = { "REAL", "FLOA", "DOUB", "DEC",
		"NUM", "MONEY", NULL };
	static const char *const moment[] = { "DATE", "TIME", NULL };

	if (is_declared(c, integer))
		return CLASS_INTEGER;
	if (is_declared(c, text))
		return CLASS_TEXT;
	if (is_declared(c, any))
		return CLASS_ANY;
	if (is_declared(c, number))
		return CLASS_NUMBER;
	return is_declared(c, moment) ? CLASS_MOMENT : CLASS_ANY;
}

static enum column_class
class_of(const struct wrap *w, const struct wrap_column *c)
{
	return w->is_trusted && c->is_plain ? class_by_type(c) : CLASS_ANY;
}

/* Whether texts of any length are to be expected. */
static bool
is_open_text(const struct wrap_column *c)
{
	const char *size = strchr(c->declared, '(');

	return c->is_plain && class_by_type(c) == CLASS_TEXT &&
	    (size == NULL || strtoul(size + 1, NULL, 10) > WRAP_SHORT);
}

static bool
is_open_bytes(const struct wrap_column *c)
{
	return c->is_plain &&
	    (c->declared[0] == '\0' || strcasestr(c->declared, "BLOB") != NULL);
}

/*
 * Which columns stand in the row's text, and which are counted. Long values
 * would be copied in it: one or two texts without a size may be documents,
 * more of them are a table of names.
 */
static void
assign(const struct wrap *w)
{
	size_t n_open = 0;

	for (size_t i = 0; i < w->n; i++)
		n_open += is_open_text(&w->columns[i]);
	for (size_t i = 0; i < w->n; i++) {
		struct wrap_column *c = &w->columns[i];
		enum column_class class = class_of(w, c);

		c->is_joined = w->joins && !is_open_bytes(c) &&
		    (n_open > WRAP_FEW || !is_open_text(c));
		c->is_counted = class == CLASS_TEXT ||
		    (class == CLASS_MOMENT && c->is_joined);
		c->has_number = class == CLASS_NUMBER && c->is_joined;
	}
}

/* The text with @ as the column's name and # as the mark. */
static int
put(struct buf *out, const struct wrap *w, size_t i, const char *text,
    struct err *e)
{
	for (; *text != '\0'; text++) {
		int rc = *text == '@' ? buf_printf(out, e, "c%zu", i) :
		    *text == '#'      ? buf_puts(out, w->mark, e) :
					buf_put(out, text, 1, e);

		if (rc < 0)
			return -1;
	}
	return 0;
}

/*
 * A value that stands alone, marked where the driver would not give it
 * exactly. 20 digits, since 17 of SQLite's printf are not always right.
 */
static int
put_alone(struct buf *out, const struct wrap *w, size_t i, struct err *e)
{
	enum column_class class = class_of(w, &w->columns[i]);

	if (class == CLASS_TEXT)
		return put(out, w, i, "@", e);
	if (put(out, w, i, "case typeof(@)", e) < 0 ||
	    (class == CLASS_INTEGER &&
		put(out, w, i, " when 'integer' then @", e) < 0))
		return -1;
	return put(out, w, i,
	    " when 'real' then printf('#r%!.20g',@)"
	    " when 'blob' then '#x'||hex(@)"
	    " when 'text' then case when instr(@,char(0))"
	    " then '#n'||hex(cast(@ as blob)) else @ end else @ end",
	    e);
}

/* Any value in the row's text. */
static const char any_value[] =
    "case typeof(@) when 'integer' then @"
    " when 'real' then printf('^#r%!.20g',@)"
    " when 'text' then case when instr(@,char(0))"
    " then '^#n'||hex(cast(@ as blob)) else @ end"
    " when 'blob' then '^#x'||hex(@) else '^#z' end";

/*
 * What nearly all values of a column are is found out by comparing, which
 * costs a third of typeof(); the + keeps SQLite from looking whether a text is
 * a number. Of the REALs in a column of integers only -2^63
 * would pass as one of them.
 */
static const char *const values[] = {
	[CLASS_ANY] = any_value,
	[CLASS_INTEGER] = "case when @|0=@ and @>-9223372036854775808 then @ "
			  "else ",
	[CLASS_TEXT] = "case when @<x'' then @ when @ is null then '^#z' "
		       "else '^#x'||hex(@) end",
	[CLASS_NUMBER] = "case typeof(@) when 'real' then '^#r' when 'null' "
			 "then '^#z' when 'integer' then '^#i'||@||'~#' "
			 "when 'text' then case when instr(@,char(0)) then "
			 "'^#n'||hex(cast(@ as blob)) else '^#t'||@ end||'~#' "
			 "else '^#x'||hex(@)||'~#' end,@",
	[CLASS_MOMENT] =
	    "case when +@>='' and +@<x'' then @ when @ is null then "
	    "'^#z' when typeof(@)='integer' then '^#i'||@ "
	    "when typeof(@)='real' then printf('^#q%d,%!.20g',"
	    "length(cast(@ as blob)),@) else '^#x'||hex(@) end",
};

static int
put_joined(struct buf *out, const struct wrap *w, size_t i, struct err *e)
{
	enum column_class class = class_of(w, &w->columns[i]);

	if (put(out, w, i, values[class], e) < 0)
		return -1;
	if (class != CLASS_INTEGER)
		return 0;
	return put(out, w, i, any_value, e) < 0 ? -1 : buf_puts(out, " end", e);
}

/*
 * The bytes of the texts that bear no mark: what the driver gives must sum up
 * to it, else it stopped at a NUL, or prints bytes as X'00'. Far cheaper
 * (17 ns a cell) than to look for either (80 ns).
 */
static int
put_sum(struct buf *out, const struct wrap *w, struct err *e)
{
	size_t n = 0;

	for (size_t i = 0; i < w->n; i++) {
		if (!w->columns[i].is_counted)
			continue;
		if (buf_puts(out,
			n == 0		      ? "(" :
			    n % WRAP_SUM == 0 ? ")+(" :
						"+",
			e) < 0 ||
		    put(out, w, i, "ifnull(length(cast(@ as blob)),0)", e) < 0)
			return -1;
		n++;
	}
	return buf_puts(out, n > 0 ? ")" : "0", e);
}

/* One printf(): its format and its arguments, until both are put. */
struct print {
	struct buf format;
	struct buf args;
	size_t n_args;
};

static int
end_print(struct print *p, struct buf *out, struct err *e)
{
	int rc = buf_printf(
	    out, e, "printf('%s'%s)", buf_text(&p->format), buf_text(&p->args));

	buf_reset(&p->format);
	buf_reset(&p->args);
	p->n_args = 0;
	return rc;
}

static int
put_prints(
    struct print *p, struct buf *out, const struct wrap *w, struct err *e)
{
	for (size_t i = 0; i < w->n; i++) {
		const struct wrap_column *c = &w->columns[i];

		if (!c->is_joined)
			continue;
		if (p->n_args >= WRAP_ARGS &&
		    (end_print(p, out, e) < 0 || buf_puts(out, "||", e) < 0))
			return -1;
		if (put(&p->format, w, i, c->has_number ? "%s%!.20g~#" : "%s~#",
			e) < 0 ||
		    buf_puts(&p->args, ",", e) < 0 ||
		    put_joined(&p->args, w, i, e) < 0)
			return -1;
		p->n_args += c->has_number ? 2 : 1;
	}
	if (put(&p->format, w, 0, "%s~#e", e) < 0 ||
	    buf_puts(&p->args, ",", e) < 0 || put_sum(&p->args, w, e) < 0)
		return -1;
	return end_print(p, out, e);
}

/* The text of the row: joined values, the sum, and its end. */
static int
put_row(struct buf *out, const struct wrap *w, struct err *e)
{
	struct print p = { BUF_INIT(out->max), BUF_INIT(out->max), 0 };
	int rc = put_prints(&p, out, w, e);

	buf_release(&p.format);
	buf_release(&p.args);
	return rc;
}

static bool
needs_barrier(const struct wrap *w)
{
	for (size_t i = 0; i < w->n; i++)
		if (!w->columns[i].is_plain)
			return true;
	return !w->is_trusted;
}

/* The query with names for its columns, as a table of the mark's name. */
static int
put_query(struct buf *out, const struct wrap *w, size_t length, bool barrier,
    struct err *e)
{
	if (buf_printf(out, e, "with %s(", w->mark) < 0)
		return -1;
	for (size_t i = 0; i < w->n; i++)
		if (buf_printf(out, e, "%sc%zu", i > 0 ? "," : "", i) < 0)
			return -1;
	/* A comment may end the statement, so a line break ends the comment. */
	if (buf_printf(out, e, ") as (%s", barrier ? "select * from (" : "") <
		0 ||
	    buf_put(out, w->sql, length, e) < 0)
		return -1;
	return buf_printf(out, e, "\n%s) select ", barrier ? ") limit -1" : "");
}

int
wrap_sqlite(struct buf *out, struct wrap *w, struct err *e)
{
	struct buf order = BUF_INIT(out->max);
	bool barrier = needs_barrier(w);
	size_t length = w->length;
	int rc = -1;

	assign(w);
	if ((!barrier && order_take(&order, w, &length, e) < 0) ||
	    put_query(out, w, length, barrier, e) < 0 || put_row(out, w, e) < 0)
		goto out;
	for (size_t i = 0; i < w->n; i++)
		if (!w->columns[i].is_joined &&
		    (buf_puts(out, ",", e) < 0 || put_alone(out, w, i, e) < 0))
			goto out;
	rc = buf_printf(out, e, " from %s%s%s", w->mark,
	    barrier ? " where 1" : "", buf_text(&order));
out:
	buf_release(&order);
	return rc;
}
