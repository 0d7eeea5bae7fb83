/*
 * test_wrap.c - which statements are wrapped, and what they become
 */
#include "unit.h"

#include "sql/wrap.h"

static void
check_kind(const char *dialect, const char *sql, enum wrap_kind wanted)
{
	if (wrap_kind_of(sql, strlen(sql), dialect_by_name(dialect)) != wanted)
		fail_msg("%s: %s", dialect, sql);
}

static void
test_kinds(void **state)
{
	static const struct {
		const char *dialect, *sql;
		enum wrap_kind kind;
	} cases[] = {
		{ "sqlite", "SELECT a FROM t", WRAP_SIMPLE },
		{ "sqlite", "-- c\n/* d */ select a from t -- e", WRAP_SIMPLE },
		{ "sqlite", "SELECT 'x;y into z' FROM t", WRAP_SIMPLE },
		{ "sqlite", "SELECT (SELECT 1)", WRAP_ANY },
		{ "sqlite", "SELECT 1 UNION ALL SELECT 2", WRAP_ANY },
		{ "sqlite", "WITH x AS (SELECT 1) SELECT * FROM x", WRAP_ANY },
		{ "sqlite", "VALUES (1), (2)", WRAP_ANY },
		{ "sqlite", "PRAGMA user_version", WRAP_NOT },
		{ "sqlite", "EXPLAIN SELECT 1", WRAP_NOT },
		{ "sqlite", "INSERT INTO t VALUES (1) RETURNING a", WRAP_NOT },
		{ "sqlite", "WITH x AS (SELECT 1) DELETE FROM t", WRAP_NOT },
		{ "sqlite", "WITH x AS (SELECT 1) INSERT INTO t SELECT 1",
		    WRAP_NOT },
		{ "sqlite", "SELECT 1; SELECT 2", WRAP_NOT },
		{ "sqlite", "", WRAP_NOT },
		{ "postgresql", "TABLE t", WRAP_ANY },
		{ "postgresql", "SELECT a INTO b FROM t", WRAP_NOT },
		{ "postgresql", "SELECT $$;into$$", WRAP_SIMPLE },
		{ "postgresql", "SELECT a FROM t FOR UPDATE", WRAP_SIMPLE },
		{ "postgresql",
		    "WITH x AS (SELECT 1) SELECT * FROM t FOR NO KEY UPDATE",
		    WRAP_ANY },
		{ "postgresql",
		    "WITH x AS (DELETE FROM t RETURNING a) SELECT * FROM x",
		    WRAP_NOT },
		{ "postgresql", "SHOW TimeZone", WRAP_NOT },
		{ "postgresql", "UPDATE t SET a = 1 RETURNING a", WRAP_NOT },
		{ "postgresql", "CALL p()", WRAP_NOT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check_kind(cases[i].dialect, cases[i].sql, cases[i].kind);
}

static void
test_sqlite(void **state)
{
	struct wrap_column columns[] = { { "INTEGER", true, false },
		{ "varchar(10)", true, false }, { "", true, false } };
	struct wrap w = { "select 1 -- x", 13, columns, 3, true, "markmark" };
	struct buf out = BUF_INIT(65536);
	struct err e = ERR_INIT;
	const char *text;

	(void)state;
	OK(wrap_sqlite(&out, &w, &e), &e);
	text = buf_text(&out);
	/* The comment ends before the parenthesis. */
	assert_ptr_equal(
	    strstr(text, "with markmark(c0,c1,c2) as (select 1 -- x\n) "),
	    text);
	assert_non_null(strstr(text, "when 'integer' then c0"));
	assert_non_null(strstr(text, ",c1,"));
	assert_non_null(strstr(text, "(ifnull(length(cast(c1 as blob)),0))"));
	assert_null(strstr(text, "limit -1"));
	assert_false(columns[0].is_counted);
	assert_true(columns[1].is_counted);
	assert_false(columns[2].is_counted);
	/* An expression, or a view: nothing is believed, all evaluated once. */
	columns[0].is_plain = false;
	buf_reset(&out);
	OK(wrap_sqlite(&out, &w, &e), &e);
	assert_non_null(strstr(buf_text(&out), ") limit -1) "));
	assert_non_null(strstr(buf_text(&out), " where 1"));
	assert_null(strstr(buf_text(&out), "when 'integer' then c0"));
	columns[0].is_plain = true;
	w.is_trusted = false;
	buf_reset(&out);
	OK(wrap_sqlite(&out, &w, &e), &e);
	assert_non_null(strstr(buf_text(&out), ") limit -1) "));
	assert_false(columns[1].is_counted);
	buf_release(&out);
}

static void
test_postgresql(void **state)
{
	const struct wrap w = { "SELECT 1 -- x", 13, NULL, 0, false,
		"markmark" };
	struct buf out = BUF_INIT(65536);
	struct err e = ERR_INIT;

	(void)state;
	OK(wrap_postgresql(&out, &w, &e), &e);
	assert_string_equal(buf_text(&out),
	    "SELECT markmark::text FROM (SELECT 1 -- x\n) markmark");
	buf_release(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_sqlite),
		cmocka_unit_test(test_postgresql),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
