/*
 * test_script.c - splitting scripts, by cases in tests/cases/script
 */
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "cases.h"
#include "sql/script.h"

/*
 * "2-3 SELECT orders" and the text, each line behind "| "; "x5" for GO 5,
 * "continue" for "-- on error: continue".
 */
static void
describe(struct buf *out, const struct script *s)
{
	struct script_reader *reader = script_reader_new(s);
	const struct statement_text *t;
	struct err e = ERR_INIT;
	size_t n = 0;
	int more;

	for (; (more = script_reader_next(reader, &t, &e)) > 0; n++) {
		const char *at = t->text;

		assert_int_equal(strlen(t->text), t->length);
		assert_int_equal(
		    buf_printf(out, &e, "%u-%u %s%s%s", t->line, t->end_line,
			t->word[0] != '\0' ? t->word : "-",
			t->name != NULL ? " " : "",
			t->name != NULL ? t->name : ""),
		    0);
		if (t->repeat != 1)
			assert_int_equal(
			    buf_printf(out, &e, " x%u", t->repeat), 0);
		assert_int_equal(
		    buf_puts(out, t->continues ? " continue\n" : "\n", &e), 0);
		while (at != NULL) {
			const char *end = strchr(at, '\n');
			int length = end != NULL ? (int)(end - at) :
						   (int)strlen(at);

			assert_int_equal(
			    buf_printf(out, &e, "| %.*s\n", length, at), 0);
			at = end != NULL ? end + 1 : NULL;
		}
	}
	assert_int_equal(more, 0);
	assert_int_equal(n, s->n);
	script_reader_free(reader);
}

/* Each statement stands where it says, one behind the other. */
static void
check_order(const struct script *s, const char *text, size_t length)
{
	struct script_reader *reader = script_reader_new(s);
	const struct statement_text *t;
	const char *at = text;
	struct err e = ERR_INIT;

	while (script_reader_next(reader, &t, &e) > 0) {
		assert_true(t->offset >= (size_t)(at - text));
		assert_true(t->length <= length - t->offset);
		assert_memory_equal(text + t->offset, t->text, t->length);
		at = text + t->offset + t->length;
	}
	script_reader_free(reader);
}

/* The statement of that number, from 1; its text lasts until the reader's. */
static const struct statement_text *
nth(struct script_reader **reader, const struct script *s, size_t n)
{
	const struct statement_text *t = NULL;
	struct err e = ERR_INIT;

	script_reader_free(*reader);
	*reader = script_reader_new(s);
	while (n-- > 0)
		assert_int_equal(script_reader_next(*reader, &t, &e), 1);
	return t;
}

static void
run_case(const struct test_case *c)
{
	const struct dialect *d = dialect_by_name(
	    case_head(c, "dialect", "ansi"));
	const struct case_part *script = case_part(c, "script");
	const struct case_part *wanted = case_part(c, "statements");
	const struct case_part *error = case_part(c, "error");
	const struct case_part *hint = case_part(c, "hint");
	struct script s = SCRIPT_INIT;
	struct buf got = BUF_INIT(1 << 20);
	struct err e = ERR_INIT;
	int rc;

	assert_non_null(d);
	assert_non_null(script);
	rc = script_split(&s, script->text, script->length, d, &e);
	if (error != NULL) {
		if (rc == 0 || strstr(e.text, error->head) == NULL)
			fail_msg("%s: no such error but: %s", c->title, e.text);
		assert_int_equal(e.class, ERR_SPEC);
		if (hint != NULL && strstr(e.hint, hint->head) == NULL)
			fail_msg("%s: no such hint but: %s", c->title, e.hint);
	} else {
		assert_non_null(wanted);
		if (rc < 0)
			fail_msg("%s: %s", c->title, e.text);
		describe(&got, &s);
		if (strcmp(buf_text(&got), wanted->text) != 0)
			fail_msg("%s: got\n%s", c->title, buf_text(&got));
		check_order(&s, script->text, script->length);
	}
	script_release(&s);
	buf_release(&got);
}

static void
run_file(const char *name)
{
	size_t n;
	struct test_case *cases = cases_load(name, &n);

	for (size_t i = 0; i < n; i++)
		run_case(&cases[i]);
	cases_free(cases, n);
}

static void
test_common(void **state)
{
	(void)state;
	run_file("script/common.cases");
}

static void
test_facts(void **state)
{
	(void)state;
	run_file("script/facts.cases");
}

static void
test_commands(void **state)
{
	(void)state;
	run_file("script/commands.cases");
}

static void
test_postgresql(void **state)
{
	(void)state;
	run_file("script/postgresql.cases");
}

static void
test_mysql(void **state)
{
	(void)state;
	run_file("script/mysql.cases");
}

static void
test_sqlite(void **state)
{
	(void)state;
	run_file("script/sqlite.cases");
}

static void
test_others(void **state)
{
	(void)state;
	run_file("script/others.cases");
}

static void
test_refuses_what_is_no_text(void **state)
{
	struct script s = SCRIPT_INIT;
	struct err e = ERR_INIT;
	const struct dialect *d = dialect_by_name("ansi");

	(void)state;
	assert_int_equal(script_split(&s, "S\0E", 3, d, &e), -1);
	assert_non_null(strstr(e.text, "NUL"));
	e = (struct err)ERR_INIT;
	assert_int_equal(script_split(&s, "SELECT '\xe9'", 10, d, &e), -1);
	assert_non_null(strstr(e.text, "UTF-8"));
	script_release(&s);
}

static void
test_byte_order_mark_is_dropped(void **state)
{
	struct script s = SCRIPT_INIT;
	struct script_reader *reader = NULL;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(script_split(&s, "\xef\xbb\xbfSELECT 1", 11,
			     dialect_by_name("ansi"), &e),
	    0);
	assert_int_equal(s.n, 1);
	assert_string_equal(nth(&reader, &s, 1)->text, "SELECT 1");
	assert_int_equal(nth(&reader, &s, 1)->offset, 3);
	script_reader_free(reader);
	script_release(&s);
}

static void
test_list_is_not_split(void **state)
{
	struct script s = SCRIPT_INIT;
	struct script_reader *reader = NULL;
	const struct statement_text *t;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(
	    script_add(&s, "/* x */ insert into t; select 1;", &e), 0);
	assert_int_equal(s.n, 1);
	t = nth(&reader, &s, 1);
	assert_string_equal(t->text, "/* x */ insert into t; select 1;");
	assert_string_equal(t->word, "INSERT");
	assert_int_equal(t->kind, STATEMENT_DML);
	script_reader_free(reader);
	script_release(&s);
}

/* Twice the text takes about twice the time: 16 MB must be done at once. */
static void
test_long_script(void **state)
{
	enum { N = 200000 };
	static const char one[] =
	    "INSERT INTO t VALUES ('a;b', \"c;d\"); -- x;\n";
	struct script s = SCRIPT_INIT;
	struct script_reader *reader = NULL;
	struct buf text = BUF_INIT((size_t)64 << 20);
	struct err e = ERR_INIT;

	(void)state;
	for (int i = 0; i < N; i++)
		assert_int_equal(buf_puts(&text, one, &e), 0);
	assert_int_equal(script_split(&s, text.data, text.length,
			     dialect_by_name("sqlite"), &e),
	    0);
	assert_int_equal(s.n, N);
	assert_int_equal(nth(&reader, &s, N)->line, N);
	script_reader_free(reader);
	script_release(&s);
	buf_release(&text);
}

static size_t
allocated(void)
{
	return mallinfo2().uordblks;
}

/* However many statements there are, no memory is for each of them. */
static void
test_memory(void **state)
{
	enum { N = 100000, LITTLE = 64 * 1024 };
	struct script s = SCRIPT_INIT;
	struct script_reader *reader;
	const struct statement_text *t;
	struct buf text = BUF_INIT((size_t)64 << 20);
	struct err e = ERR_INIT;
	size_t before, n = 0;

	(void)state;
	for (int i = 0; i < N; i++)
		assert_int_equal(
		    buf_puts(&text, "-- name: a\nSELECT 1;\n", &e), 0);
	before = allocated();
	assert_int_equal(script_split(&s, text.data, text.length,
			     dialect_by_name("postgresql"), &e),
	    0);
	reader = script_reader_new(&s);
	while (script_reader_next(reader, &t, &e) > 0)
		n++;
	assert_int_equal(n, N);
	assert_true(allocated() < before + LITTLE);
	script_reader_free(reader);
	script_release(&s);
	buf_release(&text);
}

static void
test_kind(void **state)
{
	static const struct {
		const char *text;
		enum statement_kind kind;
	} kinds[] = {
		{ "select 1", STATEMENT_QUERY },
		{ "/* c */ (SELECT 1)", STATEMENT_QUERY },
		{ "WITH a AS (DELETE FROM t RETURNING *) SELECT * FROM a",
		    STATEMENT_QUERY },
		{ "WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a",
		    STATEMENT_DML },
		{ "Update t SET a = 1", STATEMENT_DML },
		{ "CREATE TABLE t AS SELECT 1", STATEMENT_DDL },
		{ "TRUNCATE t", STATEMENT_DDL },
		{ "SET a = 1", STATEMENT_OTHER },
		{ "selected", STATEMENT_OTHER },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct script s = SCRIPT_INIT;
		struct script_reader *reader = NULL;
		enum statement_kind kind;
		struct err e = ERR_INIT;

		assert_int_equal(
		    script_split(&s, kinds[i].text, strlen(kinds[i].text),
			dialect_by_name("postgresql"), &e),
		    0);
		assert_int_equal(s.n, 1);
		kind = nth(&reader, &s, 1)->kind;
		if (kind != kinds[i].kind)
			fail_msg("%s is %s", kinds[i].text,
			    statement_kind_name(kind));
		script_reader_free(reader);
		script_release(&s);
	}
	assert_string_equal(statement_kind_name(STATEMENT_QUERY), "query");
	assert_string_equal(statement_kind_name(STATEMENT_DML), "dml");
	assert_string_equal(statement_kind_name(STATEMENT_DDL), "ddl");
	assert_string_equal(statement_kind_name(STATEMENT_OTHER), "other");
}

/* How many statements a dialect in a mode sees. */
static size_t
count(const char *dialect, const char *mode, const char *text)
{
	struct dialect d = *dialect_by_name(dialect);
	struct script s = SCRIPT_INIT;
	struct err e = ERR_INIT;
	size_t n;

	dialect_set_mode(&d, mode);
	n = script_split(&s, text, strlen(text), &d, &e) == 0 ? s.n : 0;
	script_release(&s);
	return n;
}

/* What the server is set to decides what a backslash and a " mean. */
static void
test_modes(void **state)
{
	(void)state;
	assert_int_equal(count("mysql", "", "SELECT '\\';'; SELECT 2"), 2);
	assert_int_equal(count("mysql", "STRICT,NO_BACKSLASH_ESCAPES",
			     "SELECT '\\'; SELECT ';'"),
	    2);
	assert_int_equal(count("mysql", "", "SELECT \"\\\";\"; SELECT 2"), 2);
	assert_int_equal(
	    count("mysql", "ANSI_QUOTES", "SELECT \"\\\"; SELECT 2"), 2);
	assert_int_equal(count("postgresql", "on", "SELECT '\\'; SELECT 2"), 2);
	assert_int_equal(
	    count("postgresql", "off", "SELECT '\\';'; SELECT b'\\'"), 2);
	assert_null(dialect_mode_query(dialect_by_name("sqlite")));
	assert_non_null(
	    strstr(dialect_mode_query(dialect_by_name("mysql")), "sql_mode"));
}

static void
test_dialect_of_dbms(void **state)
{
	(void)state;
	assert_string_equal(dialect_by_dbms("PostgreSQL")->name, "postgresql");
	assert_string_equal(dialect_by_dbms("MariaDB")->name, "mysql");
	assert_string_equal(dialect_by_dbms("SQLite")->name, "sqlite");
	assert_string_equal(
	    dialect_by_dbms("Microsoft SQL Server")->name, "mssql");
	assert_string_equal(dialect_by_dbms("DB2/LINUXX8664")->name, "db2");
	assert_string_equal(dialect_by_dbms("Something new")->name, "ansi");
	assert_null(dialect_by_name("auto"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_common),
		cmocka_unit_test(test_facts),
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_postgresql),
		cmocka_unit_test(test_mysql),
		cmocka_unit_test(test_sqlite),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_refuses_what_is_no_text),
		cmocka_unit_test(test_byte_order_mark_is_dropped),
		cmocka_unit_test(test_list_is_not_split),
		cmocka_unit_test(test_long_script),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_kind),
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_dialect_of_dbms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
