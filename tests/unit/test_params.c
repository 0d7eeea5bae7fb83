/*
 * test_params.c - finding parameters, by cases in tests/cases/params
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "cases.h"
#include "sql/params.h"
#include "sql/simple.h"

enum { NAMES = 8 };

static void
split_words(char *text, const char **words, size_t *n)
{
	char *word;

	*n = 0;
	while ((word = strsep(&text, " ")) != NULL)
		if (*word != '\0')
			words[(*n)++] = word;
}

static void
check_markers(
    const struct test_case *c, const struct params *p, const char *const *names)
{
	struct buf got = BUF_INIT(4096);
	struct err e = ERR_INIT;

	for (size_t i = 0; i < p->n; i++)
		assert_int_equal(buf_printf(&got, &e, "%s%s", i > 0 ? " " : "",
				     names[p->index[i]]),
		    0);
	assert_string_equal(buf_text(&got), case_head(c, "markers", ""));
	buf_release(&got);
}

static void
run_case(const struct test_case *c)
{
	char *words = strdup(case_head(c, "params", ""));
	const char *names[NAMES];
	struct param_names defined = { names, 0, NULL };
	const struct case_part *text = case_part(c, "statement");
	const struct case_part *error = case_part(c, "error");
	const struct dialect *d = dialect_by_name(
	    case_head(c, "dialect", "ansi"));
	struct script s = SCRIPT_INIT;
	struct script_reader *reader;
	const struct statement_text *t;
	struct params p = PARAMS_INIT;
	struct err e = ERR_INIT;
	int rc;

	split_words(words, names, &defined.n);
	assert_int_equal(script_split(&s, text->text, text->length, d, &e), 0);
	assert_int_equal(s.n, 1);
	reader = script_reader_new(&s);
	assert_int_equal(script_reader_next(reader, &t, &e), 1);
	rc = params_find(&p, t, d, &defined, &e);
	script_reader_free(reader);
	if (error != NULL) {
		assert_int_equal(rc, -1);
		if (strstr(e.text, error->head) == NULL)
			fail_msg("%s: %s", c->title, e.text);
		assert_true(e.hint[0] != '\0');
	} else {
		const struct case_part *wanted = case_part(c, "result");

		if (rc < 0)
			fail_msg("%s: %s", c->title, e.text);
		assert_int_equal(p.length, strlen(p.text));
		if (strncmp(p.text, wanted->text, p.length) != 0 ||
		    wanted->length != p.length + 1)
			fail_msg("%s: got %s", c->title, p.text);
		check_markers(c, &p, names);
	}
	params_release(&p);
	script_release(&s);
	free(words);
}

static void
test_cases(void **state)
{
	size_t n;
	struct test_case *cases = cases_load("params/params.cases", &n);

	(void)state;
	for (size_t i = 0; i < n; i++)
		run_case(&cases[i]);
	cases_free(cases, n);
}

/* What is put for a parameter can be more than a question mark. */
static void
test_markers(void **state)
{
	static const char *const names[] = { "a", "b" };
	static const char *const markers[] = { "?", "CAST(? AS numeric)" };
	const struct param_names defined = { names, 2, markers };
	const struct dialect *d = dialect_by_name("postgresql");
	struct script s = SCRIPT_INIT;
	struct script_reader *reader;
	const struct statement_text *t;
	struct params p = PARAMS_INIT;
	struct err e = ERR_INIT;

	(void)state;
	assert_string_equal(d->decimal_marker, markers[1]);
	assert_int_equal(script_split(&s, "SELECT :b, :a", 13, d, &e), 0);
	reader = script_reader_new(&s);
	assert_int_equal(script_reader_next(reader, &t, &e), 1);
	assert_int_equal(params_find(&p, t, d, &defined, &e), 0);
	script_reader_free(reader);
	assert_string_equal(p.text, "SELECT CAST(? AS numeric), ?");
	assert_int_equal(p.n, 2);
	assert_int_equal(p.index[0], 1);
	params_release(&p);
	script_release(&s);
}

static void
check_simple(const char *sql, const char *wanted)
{
	struct buf out = BUF_INIT(4096);
	struct err e = ERR_INIT;

	assert_int_equal(
	    simple_put(&out, sql, strlen(sql), dialect_by_name("sqlite"), &e),
	    0);
	assert_string_equal(buf_text(&out), wanted);
	buf_release(&out);
}

/* What misleads sqlite3odbc, and nothing else, is written otherwise. */
static void
test_simple(void **state)
{
	(void)state;
	check_simple("SELECT 1 -- plain\n, [a b], `c`",
	    "SELECT 1 -- plain\n, [a b], `c`");
	check_simple("SELECT 1 -- it's\n, 2", "SELECT 1        \n, 2");
	check_simple("/* a;\nb */ SELECT ';?--'", "     \n     SELECT ';?--'");
	check_simple("SELECT [a;\"b], `c;``d`, \"e;f\"",
	    "SELECT \"a;\"\"b\", \"c;`d\", \"e;f\"");
	check_simple("-- a;\nCREATE VIEW v AS SELECT 1 AS [a;b] -- it's",
	    "     \nCREATE VIEW v AS SELECT 1 AS [a;b] -- it's");
	check_simple("CREATE TABLE v AS SELECT ? -- it's",
	    "CREATE TABLE v AS SELECT ?        ");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_markers),
		cmocka_unit_test(test_simple),
		cmocka_unit_test(test_cases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
