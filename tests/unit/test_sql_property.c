/*
 * test_sql_property.c - the fuzzers' properties, on all cases and on soup
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "../fuzz/sql_property.h"
#include "base/buf.h"
#include "cases.h"

enum { SOUPS = 20000, TOKENS = 40 };

typedef void (*property)(const uint8_t *data, size_t size);

static void
check(property f, uint8_t dialect, const char *text, size_t length)
{
	uint8_t *data = malloc(length + 1);

	assert_non_null(data);
	data[0] = dialect;
	memcpy(data + 1, text, length);
	f(data, length + 1);
	free(data);
}

static void
check_cases(property f, const char *name, const char *part)
{
	size_t n;
	struct test_case *cases = cases_load(name, &n);

	for (size_t i = 0; i < n; i++) {
		const struct case_part *script = case_part(&cases[i], part);

		assert_non_null(script);
		check(f,
		    sql_property_dialect(
			case_head(&cases[i], "dialect", "ansi")),
		    script->text, script->length);
	}
	cases_free(cases, n);
}

static void
test_cases(void **state)
{
	static const char *const files[] = { "script/common.cases",
		"script/facts.cases", "script/commands.cases",
		"script/postgresql.cases", "script/mysql.cases",
		"script/sqlite.cases", "script/others.cases" };

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		check_cases(sql_property_split, files[i], "script");
		check_cases(sql_property_params, files[i], "script");
	}
	check_cases(sql_property_params, "params/params.cases", "statement");
}

/* Scripts of tokens that mean something to a splitter, put at random. */
static void
test_soup(void **state)
{
	static const char *const tokens[] = { "'", "\"", "`", "[", "]", ";",
		";", ";\n", "--", "-- ", "#", "/*", "*/", "$$", "$a$", "$",
		"\n", "\r\n", " ", " ", "a", "b", "xe", "ax ", "(", ")", ":a",
		":b ", "::", ":", "=", ",", "1", "a''b", "'ab'", "'ab'",
		"\"x\"", "-", "*", "/", "\xc3\xa9", "?" };
	static const char *const dialects[] = { "ansi", "postgresql", "mysql",
		"sqlite", "mssql", "oracle", "db2", "firebird" };
	unsigned seed = (unsigned)time(NULL);

	(void)state;
	print_message("# seed %u\n", seed);
	for (int i = 0; i < SOUPS; i++) {
		struct buf text = BUF_INIT(4096);
		struct err e = ERR_INIT;
		size_t n = (size_t)rand_r(&seed) % TOKENS;
		uint8_t dialect;

		for (size_t k = 0; k < n; k++)
			assert_int_equal(
			    buf_puts(&text,
				tokens[(size_t)rand_r(&seed) %
				    (sizeof(tokens) / sizeof(tokens[0]))],
				&e),
			    0);
		dialect = sql_property_dialect(
		    dialects[(size_t)rand_r(&seed) % 8]);
		check(
		    sql_property_split, dialect, buf_text(&text), text.length);
		check(
		    sql_property_params, dialect, buf_text(&text), text.length);
		buf_release(&text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_soup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
