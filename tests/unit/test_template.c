/*
 * test_template.c - texts with {fields}
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "spec/template.h"

/* 2026-11-24 is a Tuesday. */
static const struct date date = { 2026, 11, 24, 5, 30, 7 };
static const struct template_fields fields = {
	.job = "daily",
	.environment = "prod",
	.host = "db1",
	.name = "a.csv",
	.run = 42,
	.date = &date,
};

static void
test_expand(void **state)
{
	static const struct {
		const char *text;
		const char *expanded; /* NULL: an error */
	} cases[] = {
		{ "", "" },
		{ "plain.csv", "plain.csv" },
		{ "{job}", "daily" },
		{ "{job}-{env}-{host}-{run}-{name}",
		    "daily-prod-db1-42-a.csv" },
		{ "{date:%Y%m%d}", "20261124" },
		{ "{date:-1d:%Y-%m-%d}.csv", "2026-11-23.csv" },
		{ "{date:+2h:%H}", "07" },
		{ "{date:%H:%M}", "05:30" },
		{ "{date:-1h:%H:%M:%S}", "04:30:07" },
		{ "{date:month-end:%d}", "30" },
		{ "{date:-1m,month-start:%F}", "2026-10-01" },
		{ "{date:-1d:%F}/{date:%F}", "2026-11-23/2026-11-24" },
		{ "{{job}", "{job}" },
		{ "{{{job}", "{daily" },
		{ "{{{{", "{{" },
		{ "a}b", "a}b" },
		{ "}}", "}}" },
		{ "{{\"a\": 1}", "{\"a\": 1}" },
		{ "\xc3\xa4{job}\xc3\xb6",
		    "\xc3\xa4"
		    "daily\xc3\xb6" },
		{ "{", NULL },
		{ "{job", NULL },
		{ "a{", NULL },
		{ "{}", NULL },
		{ "{ job}", NULL },
		{ "{JOB}", NULL },
		{ "{jobs}", NULL },
		{ "{rows}", NULL },
		{ "{date}", NULL },
		{ "{date:}", NULL },
		{ "{date:-1d}", NULL },
		{ "{date:-1d:}", NULL },
		{ "{date:-1x:%Y}", NULL },
		{ "{date::%Y}", NULL },
		{ "{date:%Q}", NULL },
		{ "{date:%Y", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf out = BUF_INIT(4096);
		struct err e = ERR_INIT;
		int rc = template_expand(&out, cases[i].text, &fields, &e);

		if ((rc == 0) != (cases[i].expanded != NULL))
			fail_msg("'%s' is %d %s", cases[i].text, rc, e.text);
		if (rc == 0)
			assert_string_equal(buf_text(&out), cases[i].expanded);
		else
			assert_int_equal(e.class, ERR_SPEC);
		buf_release(&out);
		/* What expands passes the check, and what does not, fails. */
		assert_int_equal(template_check(cases[i].text, &e), rc);
	}
}

static void
test_hints(void **state)
{
	static const struct {
		const char *text, *hint;
	} cases[] = {
		{ "{jbo}", "Did you mean '{job}'?" },
		{ "{hots}", "Did you mean '{host}'?" },
		{ "{date}", "{date:%Y-%m-%d}" },
		{ "{date:-1d}", "{date:-1d:%Y-%m-%d}" },
		{ "{something}", "{{" },
		{ "{job", "{{" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e = ERR_INIT;

		assert_int_equal(template_check(cases[i].text, &e), -1);
		if (strstr(e.hint, cases[i].hint) == NULL)
			fail_msg("%s: %s", cases[i].text, e.hint);
	}
}

static void
test_fields_without_a_meaning(void **state)
{
	static const char *const texts[] = { "{job}", "{env}", "{host}",
		"{name}", "{date:%Y}" };
	static const struct template_fields none = { .environment = "" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct buf out = BUF_INIT(64);
		struct err e = ERR_INIT;

		assert_int_equal(template_check(texts[i], &e), 0);
		assert_int_equal(
		    template_expand(&out, texts[i], &none, &e), -1);
		assert_non_null(strstr(e.text, "has no meaning here"));
		buf_release(&out);
	}
}

static void
test_run_is_a_number_always(void **state)
{
	static const struct template_fields none = { .run = 0 };
	struct buf out = BUF_INIT(64);
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(template_expand(&out, "{run}", &none, &e), 0);
	assert_string_equal(buf_text(&out), "0");
	buf_release(&out);
}

/* What a field holds is not looked at again. */
static void
test_values_are_not_expanded(void **state)
{
	static const struct template_fields nested = { .job = "{env}",
		.environment = "x" };
	struct buf out = BUF_INIT(64);
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(template_expand(&out, "{job}", &nested, &e), 0);
	assert_string_equal(buf_text(&out), "{env}");
	buf_release(&out);
}

static void
test_long_texts(void **state)
{
	struct buf out = BUF_INIT(16);
	struct err e = ERR_INIT;
	char text[600];

	(void)state;
	assert_int_equal(
	    template_expand(&out, "0123456789abcdefg", &fields, &e), -1);
	buf_release(&out);
	memset(text, 'x', sizeof(text));
	text[0] = '{';
	text[sizeof(text) - 2] = '}';
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(template_check(text, &e), -1);
	memcpy(text, "{date:%", 7);
	for (size_t i = 7; i < 207; i += 2)
		memcpy(text + i - 1, "%A", 2);
	memcpy(text + 206, "}", 2);
	assert_int_equal(template_check(text, &e), -1);
	assert_non_null(strstr(e.text, "more than 255 bytes"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_expand),
		cmocka_unit_test(test_hints),
		cmocka_unit_test(test_fields_without_a_meaning),
		cmocka_unit_test(test_run_is_a_number_always),
		cmocka_unit_test(test_values_are_not_expanded),
		cmocka_unit_test(test_long_texts),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("template", tests, NULL, NULL);
}
