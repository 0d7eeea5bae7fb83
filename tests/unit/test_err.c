/*
 * test_err.c - the one error value
 */
#include "unit.h"

#include <errno.h>

#include "base/redact.h"
#include "base/str.h"
#include "base/utf8.h"
#include "random.h"

static void
test_set(void **state)
{
	struct err e = { ERR_SPEC, 3, "42S02", "old", "old hint" };

	(void)state;
	assert_int_equal(err_set(&e, ERR_DATA, "%d rows in '%s'", 3, "x"), -1);
	assert_int_equal(e.class, ERR_DATA);
	assert_string_equal(e.text, "3 rows in 'x'");
	assert_string_equal(e.hint, "");
	assert_string_equal(e.state, "");
	assert_int_equal(e.native, 0);
	/* The text may be the error's own. */
	assert_int_equal(err_set(&e, ERR_LOCAL, "so: %s", e.text), -1);
	assert_string_equal(e.text, "so: 3 rows in 'x'");
}

static void
test_sys(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(err_sys(&e, ENOSPC, "cannot write '%s'", "f"), -1);
	assert_int_equal(e.class, ERR_LOCAL);
	assert_int_equal(e.native, ENOSPC);
	assert_string_equal(
	    e.text, "cannot write 'f': No space left on device");
}

static void
test_in(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	(void)err_set(&e, ERR_DATABASE, "no such table");
	e.native = 7;
	(void)snprintf(e.state, sizeof(e.state), "42S02");
	(void)err_hint(&e, "Make '%s'.", "t");
	assert_int_equal(err_in(&e, "statement %d", 2), -1);
	assert_int_equal(err_in(&e, "job '%s'", "daily"), -1);
	assert_string_equal(e.text, "job 'daily': statement 2: no such table");
	assert_string_equal(e.hint, "Make 't'.");
	assert_string_equal(e.state, "42S02");
	assert_int_equal(e.native, 7);
	assert_int_equal(e.class, ERR_DATABASE);
}

static void
test_one_line(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	(void)err_set(&e, ERR_DATABASE, "first\r\n\n  second\tthird \n");
	assert_string_equal(e.text, "first   second third");
	(void)err_set(&e, ERR_TARGET, "\x1b[31m\x07 bell \x7f");
	assert_string_equal(e.text, "\\x1b[31m\\x07 bell \\x7f");
	(void)err_hint(&e, "Line\nbreak\x01.");
	assert_string_equal(e.hint, "Line break\\x01.");
	(void)err_in(&e, "a\nb");
	assert_int_equal(strncmp(e.text, "a b: ", 5), 0);
}

static void
test_too_long(void **state)
{
	static char big[10000];
	struct err e = ERR_INIT;

	(void)state;
	memset(big, 'x', sizeof(big) - 1);
	(void)err_set(&e, ERR_DATA, "%s", big);
	assert_int_equal(strlen(e.text), sizeof(e.text) - 1);
	(void)err_hint(&e, "%s", big);
	assert_int_equal(strlen(e.hint), sizeof(e.hint) - 1);
	/* The context stays in front, the tail of the text is lost. */
	(void)err_in(&e, "job 'a'");
	assert_int_equal(strncmp(e.text, "job 'a': xxx", 12), 0);
	assert_int_equal(strlen(e.text), sizeof(e.text) - 1);
	/* Why a call failed is told whatever its subject's length. */
	(void)err_sys(&e, ENOENT, "cannot open '%s'", big);
	assert_non_null(strstr(e.text, ": No such file or directory"));
	assert_int_equal(strncmp(e.text, "cannot open 'xxx", 16), 0);
}

static void
fill(char *text, size_t n, unsigned kind)
{
	static const char *const parts[] = { "a", "\x01", "\xc3\xa4",
		"\xe2\x82\xac", "\xf0\x9f\x98\x80", "\n" };
	size_t at = 0;

	text[0] = '\0';
	for (;;) {
		const char *part =
		    parts[kind == 0 ? random_below(6) : kind - 1];
		size_t length = strlen(part);

		if (at + length >= n)
			return;
		memcpy(text + at, part, length + 1);
		at += length;
	}
}

/* However it is cut, a text stays one line of whole characters. */
static void
test_cut_anywhere(void **state)
{
	static char text[6000], context[1200];

	(void)state;
	random_seed();
	for (unsigned round = 0; round < 3000; round++) {
		struct err e = ERR_INIT;

		fill(text, 1 + random_below(sizeof(text) - 1), round % 7);
		fill(context, 1 + random_below(sizeof(context) - 1),
		    round / 7 % 7);
		(void)err_set(&e, ERR_DATA, "%s", text);
		assert_true(utf8_is_valid(e.text, strlen(e.text)));
		(void)err_in(&e, "%s", context);
		assert_true(utf8_is_valid(e.text, strlen(e.text)));
		assert_false(str_has_control(e.text));
		(void)err_hint(&e, "%s", text);
		assert_true(utf8_is_valid(e.hint, strlen(e.hint)));
		assert_false(str_has_control(e.hint));
		(void)err_sys(&e, ENOENT, "%s", text);
		assert_true(utf8_is_valid(e.text, strlen(e.text)));
		assert_non_null(strstr(e.text, ": No such file or directory"));
	}
}

/* Not even a part of a secret is left where a driver's text is cut. */
static void
test_cut_within_a_secret(void **state)
{
	static char text[3000];
	struct err e = ERR_INIT;

	(void)state;
	OK(redact_add("hunter2hunter2", &e), &e);
	for (size_t n = 2020; n < 2060; n++) {
		memset(text, 'x', n);
		(void)snprintf(
		    text + n, sizeof(text) - n, "hunter2hunter2 and more");
		(void)err_set(&e, ERR_DATABASE, "%s", text);
		assert_null(strstr(e.text, "hu"));
	}
	redact_release();
}

/* design.md 2, row by row. */
static void
test_statuses(void **state)
{
	static const struct {
		enum err_class class;
		int status;
		const char *name;
	} rows[] = {
		{ ERR_NONE, 0, "ok" },
		{ ERR_USAGE, 64, "usage" },
		{ ERR_DATA, 65, "data" },
		{ ERR_DATABASE, 69, "database" },
		{ ERR_INTERNAL, 70, "internal" },
		{ ERR_TARGET, 73, "target" },
		{ ERR_LOCAL, 74, "local" },
		{ ERR_NOT_NOW, 75, "not-now" },
		{ ERR_SPEC, 78, "spec" },
	};
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(sizeof(rows) / sizeof(rows[0]) + 1, ERR_CLASSES);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		e.class = rows[i].class;
		e.native = 15; /* of no matter but to signals */
		assert_int_equal(err_exit_status(&e), rows[i].status);
		assert_string_equal(err_name(&e), rows[i].name);
	}
	e.class = ERR_SIGNAL;
	assert_int_equal(err_exit_status(&e), 143);
	assert_string_equal(err_name(&e), "signal");
	for (size_t i = 0; i < ERR_CLASSES; i++)
		assert_int_equal(err_statuses[i].class, i);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_sys),
		cmocka_unit_test(test_in),
		cmocka_unit_test(test_one_line),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_cut_within_a_secret),
		cmocka_unit_test(test_statuses),
	};

	return cmocka_run_group_tests_name("err", tests, NULL, NULL);
}
