/*
 * exact.c - have a query's values printed exactly, where only SQL can do it
 *
 * A query is described first, by a handle of its own that only prepares it,
 * since names and types do not survive the wrapping. What cannot be described
 * is executed as it is: then its error is the database's own. Reading what
 * comes back is mark.c's and record.c's.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/log.h"
#include "base/number.h"
#include "base/str.h"
#include "odbc/ask.h"
#include "odbc/describe.h"
#include "odbc/exact.h"

enum { EXACT_SQL = 64 * 1024, EXACT_TEXT = 256 };

/* A text as a literal of standard SQL. */
static int
put_literal(struct buf *out, const char *text, struct err *e)
{
	if (buf_puts(out, "'", e) < 0)
		return -1;
	for (; *text != '\0'; text++)
		if ((*text == '\'' && buf_puts(out, "'", e) < 0) ||
		    buf_put(out, text, 1, e) < 0)
			return -1;
	return buf_puts(out, "'", e);
}

/* Values with a time zone are printed in the session's. */
static int
set_time_zone(struct session *s, const char *zone, struct err *e)
{
	struct buf sql = BUF_INIT(EXACT_SQL);
	char unused[EXACT_TEXT];
	int rc = -1;

	if (zone == NULL)
		return 0;
	if (strchr(zone, '\\') != NULL || str_has_control(zone))
		return err_set(
		    e, ERR_SPEC, "source.timezone '%s' is no time zone", zone);
	if (s->quirk->set_time_zone == NULL) {
		(void)err_set(e, ERR_SPEC,
		    "odbcship does not know how a session of %s gets a time "
		    "zone",
		    s->info.dbms[0] != '\0' ? s->info.dbms : "this database");
		return err_hint(
		    e, "Use source.on_connect instead of source.timezone.");
	}
	if (buf_puts(&sql, s->quirk->set_time_zone, e) == 0 &&
	    put_literal(&sql, zone, e) == 0)
		rc = ask_value(s, buf_text(&sql), unused, sizeof(unused), e);
	buf_release(&sql);
	if (rc < 0)
		return err_in(e, "cannot set source.timezone '%s'", zone);
	return 0;
}

/*
 * Not everything that speaks PostgreSQL's protocol prints rows as it does:
 * ask for one with all that is difficult.
 */
static bool
prints_records(const struct session *s)
{
	struct err ignored = ERR_INIT;
	char text[EXACT_TEXT];

	return ask_value(s,
		   "SELECT odbcship::text FROM (SELECT 1 AS a, 'b\"c,'||"
		   "chr(92) AS a, NULL::text AS d, ''::text AS f, true AS g)"
		   " odbcship",
		   text, sizeof(text), &ignored) == 0 &&
	    strcmp(text, "(1,\"b\"\"c,\\\\\",,\"\",t)") == 0;
}

/*
 * SQLite computes digits with long double, which has no more of them than
 * double has on some machines (32-bit ARM): ask for some that need all of
 * theirs, near 1 and far from it. Divisions and products are rounded alike
 * everywhere (IEEE 754); a literal of 17 digits might not be.
 */
static int
check_reals(const struct session *s, struct err *e)
{
	volatile double sum = 0.1, third = 1.0, large, small;
	char text[EXACT_TEXT];
	char *at = text;

	sum += 0.2;
	third /= 3.0;
	large = third * 1e22;
	large *= 1e22;
	small = third / 1e22;
	small /= 1e22;
	if (ask_value(s,
		"SELECT printf('%!.20g %!.20g %!.20g %!.20g', 0.1+0.2,"
		" 1.0/3.0, 1.0/3.0*1e22*1e22, 1.0/3.0/1e22/1e22)",
		text, sizeof(text), e) < 0)
		return err_in(e, "cannot ask how SQLite prints numbers");
	for (size_t i = 0; i < 4; i++) {
		const double wanted[] = { sum, third, large, small };
		size_t n = strcspn(at, " ");
		double value = 0;

		if (!number_get_double(at, n, &value) || value != wanted[i]) {
			(void)err_set(e, ERR_DATA,
			    "the SQLite library of this driver cannot print "
			    "floating-point numbers exactly: it gives '%s'",
			    text);
			return err_hint(e,
			    "Set source.wrap = false where no such numbers are "
			    "exported: a rounded one ends the run then. See "
			    "drivers.md#sqlite.");
		}
		at += n + (at[n] == ' ');
	}
	return 0;
}

int
exact_settle(struct session *s, const char *time_zone, struct err *e)
{
	char unused[EXACT_TEXT];
	struct err ignored = ERR_INIT;

	/* A DSN may ask for another charset, which loses characters. */
	if (s->quirk->set_charset != NULL &&
	    ask_value(s, s->quirk->set_charset, unused, sizeof(unused), e) < 0)
		return err_in(e, "cannot make texts UTF-8");
	if (set_time_zone(s, time_zone, e) < 0)
		return -1;
	if (s->quirk->ask_time_zone != NULL &&
	    ask_value(s, s->quirk->ask_time_zone, unused, sizeof(unused),
		&ignored) == 0)
		(void)snprintf(s->info.time_zone, sizeof(s->info.time_zone),
		    "%.*s", (int)sizeof(s->info.time_zone) - 1, unused);
	if (s->quirk->way == EXACT_MARKED && s->wraps)
		return check_reals(s, e);
	if (s->quirk->way != EXACT_RECORD)
		return 0;
	if (!s->wraps || !prints_records(s)) {
		s->wraps = false;
		return 0;
	}
	return ask_value(
	    s, "SET bytea_output TO hex", unused, sizeof(unused), e);
}

/* New letters, so that no value can look like a marked one by accident. */
static int
make_mark(char mark[WRAP_MARK + 1], struct err *e)
{
	unsigned char bytes[WRAP_MARK];

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return err_set(e, ERR_INTERNAL, "no random bytes");
	for (size_t i = 0; i < WRAP_MARK; i++)
		mark[i] = (char)('a' + bytes[i] % 26);
	mark[WRAP_MARK] = '\0';
	return 0;
}

/*
 * SQLite's driver says "varchar" for a column without a type, too: a REAL in
 * it would be rounded if that was believed. The schema knows.
 */
static int
learn_declared(struct statement *st, SQLHSTMT handle, size_t i, struct err *e)
{
	char schema[EXACT_TEXT] = "", table[EXACT_TEXT] = "",
	     column[EXACT_TEXT] = "", declared[EXACT_TEXT];
	struct column *c = &st->shown.columns[i];
	struct buf sql = BUF_INIT(EXACT_SQL);
	struct err ignored = ERR_INIT;
	int rc = -1;

	ask_column(handle, i, SQL_DESC_CATALOG_NAME, schema, sizeof(schema));
	ask_column(handle, i, SQL_DESC_BASE_TABLE_NAME, table, sizeof(table));
	ask_column(
	    handle, i, SQL_DESC_BASE_COLUMN_NAME, column, sizeof(column));
	if (buf_puts(&sql, "select type from pragma_table_xinfo(", e) < 0 ||
	    put_literal(&sql, table, e) < 0 || buf_puts(&sql, ",", e) < 0 ||
	    put_literal(&sql, schema, e) < 0 ||
	    buf_puts(&sql, ") where name=", e) < 0 ||
	    put_literal(&sql, column, e) < 0)
		goto out;
	if (ask_value(st->session, buf_text(&sql), declared, sizeof(declared),
		&ignored) < 0)
		declared[0] = '\0';
	(void)snprintf(c->type_name, sizeof(c->type_name), "%.*s",
	    (int)sizeof(c->type_name) - 1, declared);
	rc = 0;
out:
	buf_release(&sql);
	return rc;
}

static int
learn_all_declared(struct statement *st, SQLHSTMT handle, struct err *e)
{
	for (size_t i = 0; i < st->shown.n; i++)
		if (st->shown.types[i].is_plain &&
		    strcmp(st->shown.columns[i].type_name, "varchar") == 0 &&
		    learn_declared(st, handle, i, e) < 0)
			return -1;
	return 0;
}

/*
 * SQLite's driver drops all up to a dot from the name of a column that stands
 * alone, in its label too: beside another one it does not.
 */
static int
learn_single_name(
    struct statement *st, const char *sql, size_t length, struct err *e)
{
	char name[DESCRIBE_NAME] = "";
	struct buf pair = BUF_INIT(INT_MAX);
	SQLHSTMT handle = SQL_NULL_HSTMT;
	int rc = -1;

	if (buf_puts(&pair, "select *,1 from (", e) < 0 ||
	    buf_put(&pair, sql, length, e) < 0 || buf_puts(&pair, "\n)", e) < 0)
		goto out;
	rc = 0;
	if (SQL_SUCCEEDED(SQLAllocHandle(
		SQL_HANDLE_STMT, st->session->connection, &handle)) &&
	    SQL_SUCCEEDED(SQLPrepare(
		handle, (SQLCHAR *)pair.data, (SQLINTEGER)pair.length)))
		ask_column(handle, 0, SQL_DESC_LABEL, name, sizeof(name));
	if (strlen(name) > strlen(st->shown.columns[0].name)) {
		free(st->shown.columns[0].name);
		st->shown.columns[0].name = str_dup(name);
		if (st->shown.columns[0].name == NULL)
			rc = err_set(e, ERR_INTERNAL, "out of memory");
	}
out:
	if (handle != SQL_NULL_HSTMT)
		(void)SQLFreeHandle(SQL_HANDLE_STMT, handle);
	buf_release(&pair);
	return rc;
}

/* The columns of sql, which is prepared only: 1, or 0 when it cannot be. */
static int
describe_prepared(
    struct statement *st, const char *sql, size_t length, struct err *e)
{
	const struct session *s = st->session;
	struct err ignored = ERR_INIT;
	SQLHSTMT handle = SQL_NULL_HSTMT;
	SQLRETURN rc;
	int result = 0;

	if (!SQL_SUCCEEDED(
		SQLAllocHandle(SQL_HANDLE_STMT, s->connection, &handle)))
		return err_set(e, ERR_INTERNAL, "cannot allocate a statement");
	rc = SQLPrepare(handle, (SQLCHAR *)(uintptr_t)sql, (SQLINTEGER)length);
	if (!SQL_SUCCEEDED(rc) || describe(&st->shown, s, handle, &ignored) < 0)
		description_release(&st->shown);
	if (s->quirk->way == EXACT_MARKED)
		result = learn_all_declared(st, handle, e);
	(void)SQLFreeHandle(SQL_HANDLE_STMT, handle);
	if (result == 0 && s->quirk->label_names && st->shown.n == 1)
		result = learn_single_name(st, sql, length, e);
	return result < 0 ? -1 : st->shown.n > 0;
}

/* Whether a view may hide where a column comes from; 3.37 knows them all. */
static bool
has_views(const struct session *s)
{
	struct err ignored = ERR_INIT;
	char text[EXACT_TEXT];

	return ask_value(s,
		   "select count(*) from pragma_table_list "
		   "where type='view'",
		   text, sizeof(text), &ignored) < 0 ||
	    strcmp(text, "0") != 0;
}

/* Where each column of a wrapped query stands. */
static void
take_places(struct statement *st, const struct wrap *w)
{
	size_t lane = 0;

	for (size_t i = 0; i < w->n; i++) {
		struct column_type *t = &st->shown.types[i];

		t->is_counted = w->columns[i].is_counted;
		t->has_number = w->columns[i].has_number;
		t->lane = w->columns[i].is_joined ? 0 : ++lane;
	}
}

static int
wrap_marked(
    struct statement *st, struct wrap *w, struct buf *out, struct err *e)
{
	int rc;

	w->n = st->shown.n;
	w->columns = calloc(w->n, sizeof(*w->columns));
	if (w->columns == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	for (size_t i = 0; i < w->n; i++) {
		w->columns[i].name = st->shown.columns[i].name;
		w->columns[i].declared = st->shown.columns[i].type_name;
		w->columns[i].is_plain = st->shown.types[i].is_plain;
	}
	w->is_trusted = w->is_trusted && !has_views(st->session);
	/* What is lost of a row's text is lost of all that is behind it. */
	w->joins = !st->session->allows_loss;
	rc = wrap_sqlite(out, w, e);
	take_places(st, w);
	free(w->columns);
	st->layout = LAYOUT_MARKED;
	return rc;
}

/* How many columns the driver gives for a wrapped query. */
static size_t
count_wanted(const struct statement *st)
{
	size_t n = 1;

	for (size_t i = 0; i < st->shown.n; i++)
		n += st->layout == LAYOUT_MARKED && st->shown.types[i].lane > 0;
	return n;
}

/*
 * A cursor cannot hold SELECT ... INTO, nor what changes data. SQLite's driver
 * begins what looks like a query (WITH, PRAGMA) when its first row is fetched,
 * so that what has no rows is never run, unless the cursor is a static one.
 */
static void
use_cursor(const struct statement *st, bool use)
{
	const struct session *s = st->session;

	if (s->sets_cursor)
		(void)SQLSetConnectAttr(s->connection,
		    s->quirk->cursor_attribute, (SQLPOINTER)(uintptr_t)use, 0);
	if (s->quirk->lazy_steps && !use)
		(void)SQLSetStmtAttr(st->handle, SQL_ATTR_CURSOR_TYPE,
		    (SQLPOINTER)(uintptr_t)SQL_CURSOR_STATIC, 0);
}

/* The query of a kind inside another one: 1, or 0 when it is in none. */
static int
wrap_query(struct statement *st, struct wrap *w, struct buf *out, struct err *e)
{
	const struct session *s = st->session;
	int rc = describe_prepared(st, w->sql, w->length, e);

	if (rc <= 0)
		return rc;
	if (make_mark(w->mark, e) < 0)
		return -1;
	memcpy(st->mark, w->mark, sizeof(st->mark));
	if (s->quirk->way == EXACT_MARKED)
		rc = wrap_marked(st, w, out, e);
	else {
		st->layout = LAYOUT_RECORD;
		rc = wrap_postgresql(out, w, e);
	}
	if (rc < 0)
		return -1;
	log_debug("sent to be exact: %s", buf_text(out));
	return 1;
}

int
exact_wrap(struct statement *st, const char *sql, size_t length,
    struct buf *out, struct err *e)
{
	const struct session *s = st->session;
	struct buf plain = BUF_INIT(INT_MAX);
	struct wrap w = { .sql = sql, .length = length };
	const struct dialect *d;
	enum wrap_kind kind;
	int rc;

	if (s->quirk->way == EXACT_PLAIN)
		return 0;
	d = dialect_by_name(s->quirk->dialect);
	kind = wrap_kind_of(sql, length, d);
	use_cursor(st, kind != WRAP_NOT);
	rc = s->quirk->naive_parser ? wrap_plainly(&plain, sql, length, d, e) :
				      0;
	if (rc > 0) {
		w.sql = buf_text(&plain);
		w.length = plain.length;
	}
	w.is_trusted = kind == WRAP_SIMPLE;
	if (rc >= 0)
		rc = kind != WRAP_NOT && s->wraps ? wrap_query(st, &w, out, e) :
						    0;
	if (rc == 0 && plain.length > 0)
		rc = buf_put(out, w.sql, w.length, e);
	buf_release(&plain);
	return rc;
}

int
exact_check(const struct statement *st, struct err *e)
{
	size_t wanted = count_wanted(st);
	SQLSMALLINT n = 0;

	if (SQL_SUCCEEDED(SQLNumResultCols(st->handle, &n)) &&
	    (size_t)n == wanted)
		return 0;
	(void)err_set(e, ERR_INTERNAL,
	    "the wrapped query gives %d columns instead of %zu", (int)n,
	    wanted);
	return err_hint(e,
	    "This is a fault of odbcship; source.wrap = false sends the query "
	    "as it is.");
}
