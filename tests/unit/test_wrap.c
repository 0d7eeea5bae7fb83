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

/* Whether a text is there, once the marks are taken for '#'. */
static bool
has(const struct buf *out, const char *wanted)
{
	char text[65536], *to = text;

	for (const char *s = buf_text(out); *s != '\0'; s++)
		if (strncmp(s, "markmark", 8) == 0) {
			*to++ = '#';
			s += 7;
		} else
			*to++ = *s;
	*to = '\0';
	return strstr(text, wanted) != NULL;
}

static void
test_sqlite(void **state)
{
	struct wrap_column columns[] = { { .declared = "INTEGER",
					     .is_plain = true },
		{ .declared = "varchar(10)", .is_plain = true },
		{ .declared = "", .is_plain = true },
		{ .declared = "DECIMAL(9,2)", .is_plain = true },
		{ .declared = "DATE", .is_plain = true },
		{ .declared = "TEXT", .is_plain = true } };
	struct wrap w = { .sql = "select 1 -- x",
		.length = 13,
		.columns = columns,
		.n = 6,
		.joins = true,
		.is_trusted = true,
		.mark = "markmark" };
	struct buf out = BUF_INIT(65536);
	struct err e = ERR_INIT;

	(void)state;
	OK(wrap_sqlite(&out, &w, &e), &e);
	/* The comment ends before the parenthesis. */
	assert_true(has(&out,
	    "with #(c0,c1,c2,c3,c4,c5) as (select 1 -- x\n) select "
	    "printf('%s~#%s~#%s%!.20g~#%s~#%s~#e',case when c0|0=c0 "));
	/* A text without a size, and what may be anything, stand alone. */
	assert_true(has(&out, ",case typeof(c2) when 'real' then printf('#r"));
	assert_true(has(&out, " end,c5 from #"));
	assert_true(has(&out,
	    ",(ifnull(length(cast(c1 as blob)),0)+ifnull(length(cast("
	    "c4 as blob)),0)+ifnull(length(cast(c5 as blob)),0)))"));
	assert_false(has(&out, "limit -1"));
	for (size_t i = 0; i < w.n; i++) {
		assert_int_equal(columns[i].is_joined, i != 2 && i != 5);
		assert_int_equal(
		    columns[i].is_counted, i == 1 || i == 4 || i == 5);
		assert_int_equal(columns[i].has_number, i == 3);
	}
	/* An expression, or a view: nothing is believed, all evaluated once. */
	columns[0].is_plain = false;
	buf_reset(&out);
	OK(wrap_sqlite(&out, &w, &e), &e);
	assert_true(has(&out, ") limit -1) "));
	assert_true(has(&out, " where 1"));
	assert_false(has(&out, "c0|0"));
	columns[0].is_plain = true;
	w.is_trusted = false;
	buf_reset(&out);
	OK(wrap_sqlite(&out, &w, &e), &e);
	assert_true(has(&out, ") limit -1) "));
	assert_false(columns[1].is_counted);
	assert_false(columns[3].has_number);
	buf_release(&out);
}

/* Three texts without a size are names; with a loss allowed all is apart. */
static void
test_sqlite_texts(void **state)
{
	struct wrap_column columns[200];
	struct wrap w = { .sql = "select 1",
		.length = 8,
		.columns = columns,
		.n = 3,
		.joins = true,
		.is_trusted = true,
		.mark = "markmark" };
	struct buf out = BUF_INIT(1 << 20);
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < 200; i++)
		columns[i] = (struct wrap_column){ .declared = "text",
			.is_plain = true };
	OK(wrap_sqlite(&out, &w, &e), &e);
	assert_true(columns[0].is_joined && columns[2].is_joined);
	w.joins = false;
	buf_reset(&out);
	OK(wrap_sqlite(&out, &w, &e), &e);
	assert_true(has(&out, " select printf('%s~#e',("));
	assert_true(has(&out, ",c0,c1,c2 from #"));
	/* No function takes more than a hundred arguments. */
	w.joins = true;
	w.n = 200;
	buf_reset(&out);
	OK(wrap_sqlite(&out, &w, &e), &e);
	assert_non_null(strstr(buf_text(&out), ")||printf('"));
	buf_release(&out);
}

static void
test_postgresql(void **state)
{
	const struct wrap w = {
		.sql = "SELECT 1 -- x", .length = 13, .mark = "markmark"
	};
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
		cmocka_unit_test(test_sqlite_texts),
		cmocka_unit_test(test_postgresql),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
