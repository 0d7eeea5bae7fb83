/*
 * test_guard.c - conditions, distinct keys, and what statements do
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "job/distinct.h"
#include "job/guard.h"
#include "job/repeat.h"
#include "random.h"
#include "sql/effect.h"

static void
test_compare(void **state)
{
	static const struct {
		const char *a, *b;
		int order; /* 2: one of them is no number */
	} cases[] = {
		{ "1", "1", 0 },
		{ "1", "1.0", 0 },
		{ "01.50", "+1.5", 0 },
		{ "1e3", "1000", 0 },
		{ "1E-3", ".001", 0 },
		{ "12.5e1", "125", 0 },
		{ "0", "-0.00", 0 },
		{ "0e9", "0", 0 },
		{ "5.", "5", 0 },
		{ "2", "10", -1 },
		{ "-2", "-10", 1 },
		{ "-1", "0", -1 },
		{ "0", "0.0001", -1 },
		{ "-0.1", "0.1", -1 },
		{ "0.09", "0.1", -1 },
		{ "0.1", "0.0999999999999999999999999", 1 },
		{ "9007199254740993", "9007199254740992", 1 },
		{ "1e400", "9e399", 1 },
		{ "100", "100.000000000000000000000000000001", -1 },
		{ "1.2.3", "1", 2 },
		{ "", "0", 2 },
		{ "-", "0", 2 },
		{ ".", "0", 2 },
		{ "1e", "1", 2 },
		{ "1 ", "1", 2 },
		{ "0x10", "16", 2 },
		{ "NaN", "1", 2 },
		{ "1", "Infinity", 2 },
		{ "1e1234567890", "1", 2 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int order = 7, back = 7;
		bool known = decimal_compare(cases[i].a, cases[i].b, &order);

		if (known != (cases[i].order != 2) ||
		    (known && order != cases[i].order))
			fail_msg("'%s' and '%s': %d", cases[i].a, cases[i].b,
			    known ? order : 2);
		if (!known)
			continue;
		assert_true(decimal_compare(cases[i].b, cases[i].a, &back));
		assert_int_equal(back, -order);
	}
}

/* Against integers, with zeros put where they do not count. */
static void
test_compare_random(void **state)
{
	(void)state;
	random_seed();
	for (int i = 0; i < 20000; i++) {
		int64_t a = (int64_t)random_below(2001) - 1000;
		int64_t b = (int64_t)random_below(2001) - 1000;
		char x[64], y[64];
		int order;

		(void)snprintf(x, sizeof(x), "%s0%lld%s", a < 0 ? "-" : "",
		    (long long)llabs(a), random_below(2) ? ".000" : "");
		(void)snprintf(y, sizeof(y), "%lld00e-2", (long long)b);
		assert_true(decimal_compare(x, y, &order));
		assert_int_equal(order, (a > b) - (a < b));
	}
}

static void
test_wanted(void **state)
{
	const struct condition all = {
		.equals = "", .at_least = "1", .at_most = "5"
	};
	const struct condition any = { .not_null = true };
	char text[GUARD_TEXT], long_text[2 * GUARD_TEXT];
	struct condition long_one = { .equals = long_text };

	(void)state;
	condition_put(&all, text);
	assert_string_equal(
	    text, "the empty text and at least 1 and at most 5");
	condition_put(&any, text);
	assert_string_equal(text, "a value that is not NULL");
	memset(long_text, 'x', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';
	long_one.at_least = long_one.at_most = long_text;
	condition_put(&long_one, text);
	assert_int_equal(strlen(text), GUARD_TEXT - 1);
}

static char dir[64];

static struct distinct *
new_distinct(void)
{
	struct distinct *d = NULL;
	struct err e = ERR_INIT;

	assert_int_equal(distinct_new(&d, dir, &e), 0);
	return d;
}

static void
add(struct distinct *d, const void *key, size_t n, uint64_t row)
{
	struct err e = ERR_INIT;

	assert_int_equal(distinct_add(d, key, n, row, &e), 0);
}

static int
find(struct distinct *d, uint64_t *first, uint64_t *second)
{
	struct err e = ERR_INIT;
	int found = distinct_find(d, first, second, &e);

	assert_true(found >= 0);
	return found;
}

/* So many that all of it goes through files. */
static void
test_distinct(void **state)
{
	enum { ROWS = 300000 };
	struct distinct *d = new_distinct();
	uint64_t first = 0, second = 0;

	(void)state;
	assert_int_equal(find(d, &first, &second), 0);
	for (uint64_t row = 1; row <= ROWS; row++) {
		char key[32];
		int n = snprintf(
		    key, sizeof(key), "%llu", (unsigned long long)row * 7);

		add(d, key, (size_t)n, row);
	}
	assert_int_equal(find(d, &first, &second), 0);
	add(d, "2100", 4, ROWS + 1);
	assert_int_equal(find(d, &first, &second), 1);
	assert_int_equal(first, 300);
	assert_int_equal(second, ROWS + 1);
	distinct_free(d);
}

/* Lengths, NUL bytes and long keys tell keys apart. */
static void
test_keys(void **state)
{
	struct distinct *d = new_distinct();
	char *big = calloc(1, DISTINCT_KEY_MAX + 1);
	uint64_t first = 0, second = 0;
	struct err e = ERR_INIT;

	(void)state;
	assert_non_null(big);
	for (size_t n = 0; n < 40; n++) /* zeros, of different lengths */
		add(d, big, n, n);
	add(d, big, 300000, 40);
	add(d, big, DISTINCT_KEY_MAX, 41);
	big[DISTINCT_KEY_MAX - 1] = 1;
	add(d, big, DISTINCT_KEY_MAX, 42);
	assert_int_equal(find(d, &first, &second), 0);
	assert_int_equal(
	    distinct_add(d, big, DISTINCT_KEY_MAX + 1, 43, &e), -1);
	assert_int_equal(e.class, ERR_DATA);
	add(d, big, DISTINCT_KEY_MAX, 44);
	assert_int_equal(find(d, &first, &second), 1);
	assert_int_equal(first, 42);
	assert_int_equal(second, 44);
	distinct_free(d);
	free(big);
}

static void
test_no_place(void **state)
{
	struct distinct *d = NULL;
	struct err e = ERR_INIT;
	char key[64] = "";
	int rc = 0;

	(void)state;
	assert_int_equal(distinct_new(&d, "/nowhere/at/all", &e), 0);
	for (uint64_t i = 0; rc == 0 && i < 100000; i++)
		rc = distinct_add(d, key, sizeof(key), i, &e);
	assert_int_equal(rc, -1);
	assert_int_equal(e.class, ERR_LOCAL);
	assert_non_null(strstr(e.text, "checks.unique"));
	distinct_free(d);
}

static enum effect
effect_in(const char *sql, const char *dialect, char table[EFFECT_NAME])
{
	struct script s = SCRIPT_INIT;
	struct script_reader *reader;
	const struct statement_text *t;
	struct err e = ERR_INIT;
	enum effect effect;

	assert_int_equal(script_add(&s, sql, &e), 0);
	reader = script_reader_new(&s);
	assert_int_equal(script_reader_next(reader, &t, &e), 1);
	effect = effect_of(t, dialect_by_name(dialect), table);
	script_reader_free(reader);
	script_release(&s);
	return effect;
}

static void
test_effect(void **state)
{
	static const struct {
		const char *sql;
		enum effect effect;
		const char *table;
	} cases[] = {
		{ "SELECT 1", EFFECT_NONE, "" },
		{ "/* INSERT */ SELECT 'DELETE' -- UPDATE", EFFECT_NONE, "" },
		{ "SELECT n FROM t FOR UPDATE", EFFECT_NONE, "" },
		{ "WITH x AS (SELECT 1) SELECT * FROM x", EFFECT_NONE, "" },
		{ "WITH x AS (DELETE FROM t RETURNING n) SELECT * FROM x",
		    EFFECT_OTHER, "" },
		{ "SELECT n INTO u FROM t", EFFECT_OTHER, "" },
		{ "VALUES (1)", EFFECT_NONE, "" },
		{ "SHOW TimeZone", EFFECT_NONE, "" },
		{ "SET search_path TO sales", EFFECT_NONE, "" },
		{ "SET GLOBAL max_connections = 1", EFFECT_OTHER, "" },
		{ "BEGIN", EFFECT_NONE, "" },
		{ "START TRANSACTION", EFFECT_NONE, "" },
		{ "EXPLAIN ANALYZE DELETE FROM t", EFFECT_OTHER, "" },
		{ "CALL f()", EFFECT_OTHER, "" },
		{ "DO $$ BEGIN END $$", EFFECT_OTHER, "" },
		{ "CREATE TEMP TABLE t AS SELECT 1", EFFECT_TEMPORARY, "t" },
		{ "create local temporary table if not exists \"T t\" (n int)",
		    EFFECT_TEMPORARY, "t t" },
		{ "CREATE TEMP TABLE t (n int) ON COMMIT DROP", EFFECT_OTHER,
		    "" },
		{ "CREATE GLOBAL TEMPORARY TABLE t (n int)", EFFECT_OTHER, "" },
		{ "CREATE TABLE t (n int)", EFFECT_OTHER, "t" },
		{ "CREATE INDEX i ON t (n)", EFFECT_TABLE, "t" },
		{ "INSERT INTO s.t VALUES (1)", EFFECT_ROWS, "s.t" },
		{ "INSERT INTO t WITH x AS (DELETE FROM u RETURNING 1) SELECT "
		  "1 FROM x",
		    EFFECT_OTHER, "" },
		{ "UPDATE t SET n = 1", EFFECT_ROWS, "t" },
		{ "UPDATE t JOIN u ON t.n = u.n SET u.n = 1", EFFECT_OTHER,
		    "t" },
		{ "DELETE FROM T WHERE n = 1", EFFECT_ROWS, "t" },
		{ "DELETE t, u FROM t JOIN u", EFFECT_OTHER, "" },
		{ "TRUNCATE TABLE t", EFFECT_TABLE, "t" },
		{ "ALTER TABLE t ADD n int", EFFECT_TABLE, "t" },
		{ "DROP TABLE IF EXISTS t", EFFECT_DROP, "t" },
		{ "DROP TABLE t, u", EFFECT_OTHER, "t" },
		{ "DROP DATABASE t", EFFECT_OTHER, "" },
	};
	char table[EFFECT_NAME];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		enum effect effect = effect_in(
		    cases[i].sql, "postgresql", table);

		if (effect != cases[i].effect ||
		    strcmp(table, cases[i].table) != 0)
			fail_msg(
			    "%s: %d '%s'", cases[i].sql, (int)effect, table);
	}
	/* Of SQL Server nothing is known but one query. */
	assert_int_equal(effect_in("SELECT 1", "mssql", table), EFFECT_NONE);
	assert_int_equal(
	    effect_in("SELECT 1 DELETE FROM t", "mssql", table), EFFECT_OTHER);
	assert_int_equal(
	    effect_in("SELECT 1 EXEC f", "mssql", table), EFFECT_OTHER);
	assert_int_equal(
	    effect_in("SET NOCOUNT ON DELETE FROM t", "mssql", table),
	    EFFECT_OTHER);
}

static bool
allows(struct repeat *r, const char *sql, bool in_transaction)
{
	struct script s = SCRIPT_INIT;
	struct script_reader *reader;
	const struct statement_text *t;
	struct err e = ERR_INIT;
	bool allowed;

	assert_int_equal(script_add(&s, sql, &e), 0);
	reader = script_reader_new(&s);
	assert_int_equal(script_reader_next(reader, &t, &e), 1);
	allowed = repeat_allows(r, t, dialect_by_name("mysql"), in_transaction);
	script_reader_free(reader);
	script_release(&s);
	return allowed;
}

static void
test_repeat(void **state)
{
	struct repeat r = REPEAT_INIT;

	(void)state;
	assert_false(allows(&r, "INSERT INTO t VALUES (1)", false));
	assert_true(allows(&r, "INSERT INTO t VALUES (1)", true));
	assert_false(allows(&r, "DROP TABLE t", true));
	assert_true(allows(&r, "CREATE TEMPORARY TABLE t (n int)", false));
	assert_true(allows(&r, "INSERT INTO t VALUES (1)", false));
	assert_true(allows(&r, "ALTER TABLE T ADD m int", false));
	assert_false(allows(&r, "INSERT INTO shop.t VALUES (1)", false));
	assert_true(allows(&r, "DROP TABLE t", false));
	/* Now it is the lasting one, if there is one. */
	assert_false(allows(&r, "INSERT INTO t VALUES (1)", false));
	assert_false(allows(&r, "DROP TABLE t", false));
	repeat_release(&r);
}

static int
make_dir(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/odbcship-guard-XXXXXX");
	return mkdtemp(dir) != NULL ? 0 : -1;
}

/* Nothing is left there. */
static int
remove_dir(void **state)
{
	(void)state;
	return rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_compare_random),
		cmocka_unit_test(test_wanted),
		cmocka_unit_test(test_distinct),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_no_place),
		cmocka_unit_test(test_effect),
		cmocka_unit_test(test_repeat),
	};

	return cmocka_run_group_tests_name(
	    "guard", tests, make_dir, remove_dir);
}
