/*
 * test_str.c - units, numbers, suggestions, escaping
 */
#include "unit.h"

#include "base/str.h"
#include "base/utf8.h"
#include "random.h"

static void
test_durations(void **state)
{
	static const struct {
		const char *text;
		int64_t ms; /* -1: not a duration */
	} cases[] = {
		{ "0", 0 },
		{ "0s", 0 },
		{ "1ms", 1 },
		{ "90s", 90000 },
		{ "15m", 900000 },
		{ "2h", 7200000 },
		{ "14d", 1209600000 },
		{ "1h30m", 5400000 },
		{ "1m1m", 120000 },
		{ "007s", 7000 },
		{ "9223372036854775807ms", INT64_MAX },
		{ "9223372036854775808ms", -1 },
		{ "9223372036854775807ms1ms", -1 },
		{ "106751991168d", -1 },
		{ "99999999999999999999999s", -1 },
		{ "", -1 },
		{ "1", -1 },
		{ "00", -1 },
		{ "s", -1 },
		{ "-1s", -1 },
		{ "+1s", -1 },
		{ " 1s", -1 },
		{ "1 s", -1 },
		{ "1s ", -1 },
		{ "1S", -1 },
		{ "1.5h", -1 },
		{ "1h30", -1 },
		{ "1w", -1 },
		{ "1MiB", -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e = ERR_INIT;
		uint64_t ms = 4711;

		if (cases[i].ms < 0) {
			FAILS(str_duration(cases[i].text, &ms, &e), &e,
			    ERR_SPEC, "is not a duration");
			assert_non_null(strstr(e.hint, "1h30m"));
			continue;
		}
		OK(str_duration(cases[i].text, &ms, &e), &e);
		assert_int_equal(ms, cases[i].ms);
	}
}

static void
test_sizes(void **state)
{
	static const struct {
		const char *text;
		int64_t bytes;
	} cases[] = {
		{ "0", 0 },
		{ "1B", 1 },
		{ "2kB", 2000 },
		{ "3MB", 3000000 },
		{ "4GB", 4000000000 },
		{ "5TB", 5000000000000 },
		{ "1KiB", 1024 },
		{ "64MiB", 67108864 },
		{ "5GiB", 5368709120 },
		{ "1TiB", 1099511627776 },
		{ "8388608TiB", -1 },
		{ "8388607TiB", INT64_C(9223370937343148032) },
		{ "1", -1 },
		{ "1K", -1 },
		{ "1KB", -1 },
		{ "1mb", -1 },
		{ "1s", -1 },
		{ "-1B", -1 },
		{ "0x1B", -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e = ERR_INIT;
		uint64_t bytes = 4711;

		if (cases[i].bytes < 0) {
			FAILS(str_size(cases[i].text, &bytes, &e), &e, ERR_SPEC,
			    "is not a size");
			continue;
		}
		OK(str_size(cases[i].text, &bytes, &e), &e);
		assert_int_equal(bytes, cases[i].bytes);
	}
}

static void
test_integers(void **state)
{
	static const char *const wrong[] = { "", " 1", "1 ", "1x", "x", "0x10",
		"1.0", "9223372036854775808", "-9223372036854775809", "--1",
		"\n1" };
	struct err e = ERR_INIT;
	int64_t n = 0;

	(void)state;
	OK(str_integer("-9223372036854775808", &n, &e), &e);
	assert_true(n == INT64_MIN);
	OK(str_integer("9223372036854775807", &n, &e), &e);
	assert_true(n == INT64_MAX);
	OK(str_integer("010", &n, &e), &e);
	assert_int_equal(n, 10);
	n = 5;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		FAILS(str_integer(wrong[i], &n, &e), &e, ERR_SPEC,
		    "is not a whole number");
	assert_int_equal(n, 5);
}

static void
test_nearest(void **state)
{
	static const char *const words[] = { "run", "query", "check", "show",
		"list", "history", "daily-orders" };
	static const char *const cases[][2] = {
		{ "runn", "run" },
		{ "urn", "run" },
		{ "RUN", "run" },
		{ "qeury", "query" },
		{ "hist", "history" },
		{ "lst", "list" },
		{ "daily_orders", "daily-orders" },
		{ "daily", "daily-orders" },
		{ "frobnicate", NULL },
		{ "x", NULL },
		{ "", NULL },
	};
	char longer[200];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *near = str_nearest(
		    cases[i][0], words, sizeof(words) / sizeof(words[0]));

		if (near == NULL || cases[i][1] == NULL)
			assert_ptr_equal(near, cases[i][1]);
		else
			assert_string_equal(near, cases[i][1]);
	}
	assert_null(str_nearest("run", words, 0));
	memset(longer, 'r', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_null(str_nearest(longer, words, 7));
}

static void
check_escape(const char *data, size_t n, const char *wanted)
{
	struct buf b = BUF_INIT(1000);
	struct err e = ERR_INIT;

	OK(str_escape(&b, data, n, &e), &e);
	assert_string_equal(buf_text(&b), wanted);
	buf_release(&b);
}

static void
test_escape(void **state)
{
	(void)state;
	check_escape("", 0, "");
	check_escape(
	    "plain \xc3\xa4 \xe2\x82\xac", 12, "plain \xc3\xa4 \xe2\x82\xac");
	check_escape("a\r\n\nb", 5, "a b");
	check_escape("\x1b[31mred\x07", 9, "\\x1b[31mred\\x07");
	check_escape("a\0b\tc\x7f", 6, "a\\x00b\\x09c\\x7f");
	/* U+009B is an escape sequence in one character. */
	check_escape("\xc2\x9b\x33\x31m", 5, "\\xc2\\x9b31m");
	check_escape("\xc2\xa0", 2, "\xc2\xa0");
	check_escape("x\xff\xe2\x82", 4, "x\\xff\\xe2\\x82");
	assert_true(str_has_control("a\nb"));
	assert_true(str_has_control("\x7f"));
	assert_true(str_has_control("\t"));
	assert_false(str_has_control(""));
	assert_false(str_has_control("a \xc3\xa4~"));
}

/* What comes out is fit for a terminal, whatever goes in. */
static void
test_escape_anything(void **state)
{
	struct buf b = BUF_INIT(4096);
	struct err e = ERR_INIT;

	(void)state;
	random_seed();
	for (unsigned round = 0; round < 20000; round++) {
		char data[32];
		size_t n = random_below(sizeof(data) + 1);

		for (size_t i = 0; i < n; i++)
			data[i] = (char)(random_below(3) > 0 ?
				0x80 + random_below(128) :
				random_below(256));
		buf_reset(&b);
		OK(str_escape(&b, data, n, &e), &e);
		assert_false(str_has_control(buf_text(&b)));
		assert_true(utf8_is_valid(buf_text(&b), b.length));
		assert_true(b.length <= 4 * n);
	}
	buf_release(&b);
}

#define PUTS(function, value, wanted) \
	do { \
		char text_[32]; \
		function(text_, sizeof(text_), value); \
		assert_string_equal(text_, wanted); \
	} while (0)

static void
test_for_people(void **state)
{
	char text[32], small[4];

	(void)state;
	PUTS(str_put_duration, 0, "0.00 s");
	PUTS(str_put_duration, 420, "0.42 s");
	PUTS(str_put_duration, 10000, "10.0 s");
	PUTS(str_put_duration, 185000, "3 min 05 s");
	PUTS(str_put_duration, 3599999, "59 min 59 s");
	PUTS(str_put_duration, 7500000, "2 h 05 min");
	PUTS(str_put_duration, 172799999, "47 h 59 min");
	PUTS(str_put_duration, 270000000, "3 d 03 h");
	PUTS(str_put_size, 0, "0 B");
	PUTS(str_put_size, 999, "999 B");
	PUTS(str_put_size, 1000, "1.0 kB");
	PUTS(str_put_size, 999949, "999.9 kB");
	PUTS(str_put_size, 999950, "1.0 MB");
	PUTS(str_put_size, 1400000, "1.4 MB");
	PUTS(str_put_size, 2000000000, "2.0 GB");
	PUTS(str_put_size, UINT64_MAX, "18446.7 PB");
	PUTS(str_put_count, 0, "0");
	PUTS(str_put_count, 999, "999");
	PUTS(str_put_count, 1000, "1,000");
	PUTS(str_put_count, 1234567, "1,234,567");
	PUTS(str_put_count, UINT64_MAX, "18,446,744,073,709,551,615");
	str_put_count(small, sizeof(small), 123456);
	assert_true(strlen(small) < sizeof(small));
	str_put_hex(text, (const unsigned char *)"\x00\x9f\xff", 3);
	assert_string_equal(text, "009fff");
	str_put_hex(text, (const unsigned char *)"", 0);
	assert_string_equal(text, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_integers),
		cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_escape),
		cmocka_unit_test(test_escape_anything),
		cmocka_unit_test(test_for_people),
	};

	return cmocka_run_group_tests_name("str", tests, NULL, NULL);
}
