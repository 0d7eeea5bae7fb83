/*
 * test_date.c - civil dates: reading, moving, writing, today in a time zone
 *
 * Moves by days are compared with timegm(3) and gmtime(3), which know the
 * calendar on their own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "spec/date.h"

enum { ROUNDS = 20000 };

static struct date
parse(const char *text)
{
	struct date d;
	struct err e = ERR_INIT;

	if (date_parse(&d, text, &e) < 0)
		fail_msg("%s: %s", text, e.text);
	return d;
}

static void
test_parse(void **state)
{
	static const struct {
		const char *text;
		const char *written; /* NULL: no date */
	} cases[] = {
		{ "2026-11-24", "2026-11-24" },
		{ "0001-01-01", "0001-01-01" },
		{ "9999-12-31", "9999-12-31" },
		{ "2024-02-29", "2024-02-29" },
		{ "2000-02-29", "2000-02-29" },
		{ "2026-11-24T05:30", "2026-11-24T05:30:00" },
		{ "2026-11-24T05:30:07", "2026-11-24T05:30:07" },
		{ "2026-11-24 23:59:59", "2026-11-24T23:59:59" },
		{ "2026-11-24T00:00", "2026-11-24" },
		{ "", NULL },
		{ "2026-11-2", NULL },
		{ "26-11-24", NULL },
		{ "2026-13-01", NULL },
		{ "2026-00-01", NULL },
		{ "2026-04-31", NULL },
		{ "2026-01-00", NULL },
		{ "2023-02-29", NULL },
		{ "1900-02-29", NULL },
		{ "0000-01-01", NULL },
		{ "2026/11/24", NULL },
		{ "24.11.2026", NULL },
		{ " 2026-11-24", NULL },
		{ "2026-11-24 ", NULL },
		{ "2026-11-24T", NULL },
		{ "2026-11-24T24:00", NULL },
		{ "2026-11-24T05:60", NULL },
		{ "2026-11-24T05:30:60", NULL },
		{ "2026-11-24T5:30", NULL },
		{ "2026-11-24T05:30Z", NULL },
		{ "-026-11-24", NULL },
		{ "today", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[DATE_TEXT] = "";
		struct date d;
		struct err e = ERR_INIT;
		int rc = date_parse(&d, cases[i].text, &e);

		if ((rc == 0) != (cases[i].written != NULL))
			fail_msg("'%s' is %d", cases[i].text, rc);
		if (rc < 0) {
			assert_int_equal(e.class, ERR_USAGE);
			assert_true(e.hint[0] != '\0');
			continue;
		}
		date_put(text, &d);
		assert_string_equal(text, cases[i].written);
	}
}

static void
test_shift(void **state)
{
	/* 2026-11-24 is a Tuesday. */
	static const struct {
		const char *date, *offset;
		const char *moved; /* NULL: an error */
	} cases[] = {
		{ "2026-11-24", "-1d", "2026-11-23" },
		{ "2026-11-24", "+0d", "2026-11-24" },
		{ "2026-03-01", "-1d", "2026-02-28" },
		{ "2024-03-01", "-1d", "2024-02-29" },
		{ "2026-12-31", "+1d", "2027-01-01" },
		{ "2026-01-01", "-1d", "2025-12-31" },
		{ "2026-11-24", "+365d", "2027-11-24" },
		{ "2026-11-24", "-2w", "2026-11-10" },
		{ "2026-11-24", "+2h", "2026-11-24T02:00:00" },
		{ "2026-11-24", "-1h", "2026-11-23T23:00:00" },
		{ "2026-11-24", "-24h", "2026-11-23" },
		{ "2026-11-24", "-25h", "2026-11-22T23:00:00" },
		{ "2026-11-24T23:30", "+1h", "2026-11-25T00:30:00" },
		{ "2026-12-31T23:00", "+1h", "2027-01-01" },
		{ "2026-11-24", "-1m", "2026-10-24" },
		{ "2026-01-31", "+1m", "2026-02-28" },
		{ "2024-01-31", "+1m", "2024-02-29" },
		{ "2026-03-31", "-1m", "2026-02-28" },
		{ "2026-01-15", "-1m", "2025-12-15" },
		{ "2026-11-24", "+14m", "2028-01-24" },
		{ "2026-11-24", "-11m", "2025-12-24" },
		{ "2024-02-29", "+1y", "2025-02-28" },
		{ "2024-02-29", "-4y", "2020-02-29" },
		{ "2026-11-24T05:30", "month-start", "2026-11-01" },
		{ "2026-11-24T05:30", "month-end", "2026-11-30" },
		{ "2024-02-03", "month-end", "2024-02-29" },
		{ "2026-11-24", "week-start", "2026-11-23" },
		{ "2026-11-23", "week-start", "2026-11-23" },
		{ "2026-11-22", "week-start", "2026-11-16" },
		{ "2026-01-01", "week-start", "2025-12-29" },
		{ "0001-01-01", "week-start", "0001-01-01" },
		{ "2026-11-24T05:30", "year-start", "2026-01-01" },
		{ "2026-11-24", "-1m,month-start", "2026-10-01" },
		{ "2026-03-31", "month-start,-1d", "2026-02-28" },
		{ "2026-03-31", "-1m,month-end", "2026-02-28" },
		{ "2026-11-24", "year-start,-1y,+1w,week-start", "2025-01-06" },
		{ "9999-12-31", "+1d", NULL },
		{ "0001-01-01", "-1d", NULL },
		{ "0001-01-01", "-1h", NULL },
		{ "0001-01-31", "-1m", NULL },
		{ "9999-12-01", "+1m", NULL },
		{ "2026-11-24", "-9999999999999999999d", NULL },
		{ "2026-11-24", "+99999999w", NULL },
		{ "2026-11-24", "", NULL },
		{ "2026-11-24", "1d", NULL },
		{ "2026-11-24", "-d", NULL },
		{ "2026-11-24", "-1", NULL },
		{ "2026-11-24", "-1dd", NULL },
		{ "2026-11-24", "- 1d", NULL },
		{ "2026-11-24", "-1s", NULL },
		{ "2026-11-24", "yesterday", NULL },
		{ "2026-11-24", "-1d,", NULL },
		{ "2026-11-24", ",-1d", NULL },
		{ "2026-11-24", "-1d, -1d", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct date d = parse(cases[i].date);
		char text[DATE_TEXT];
		struct err e = ERR_INIT;
		int rc = date_shift(&d, cases[i].offset, &e);

		if ((rc == 0) != (cases[i].moved != NULL))
			fail_msg("'%s' is %d", cases[i].offset, rc);
		date_put(text, &d);
		if (rc < 0) {
			/* What cannot be done leaves the date alone. */
			struct date same = parse(cases[i].date);

			assert_int_equal(e.class, ERR_SPEC);
			assert_memory_equal(&d, &same, sizeof(d));
		} else
			assert_string_equal(text, cases[i].moved);
	}
}

static void
test_shift_hints(void **state)
{
	struct date d = parse("2026-11-24");
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(date_shift(&d, "mont-start", &e), -1);
	assert_string_equal(e.hint, "Did you mean 'month-start'?");
	assert_int_equal(date_shift(&d, "xyz", &e), -1);
	assert_non_null(strstr(e.hint, "week-start"));
}

/* A whole number below n. */
static int
below(int n)
{
	return (int)(random() % n);
}

static void
test_days_like_the_c_library(void **state)
{
	unsigned seed = (unsigned)time(NULL);
	const char *given = getenv("TEST_SEED");

	(void)state;
	if (given != NULL)
		seed = (unsigned)strtoul(given, NULL, 10);
	print_message("# seed %u\n", seed);
	srandom(seed);
	for (int i = 0; i < ROUNDS; i++) {
		struct tm tm = { .tm_year = below(9000) - 1000,
			.tm_mon = below(12),
			.tm_mday = 1 + below(28),
			.tm_hour = below(24) };
		struct date d = { tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
			tm.tm_hour, 0, 0 };
		int days = below(200000) - 100000;
		int hours = below(2000) - 1000;
		char offset[64], format[64], want[64];
		struct err e = ERR_INIT;
		time_t t;

		(void)snprintf(
		    offset, sizeof(offset), "%+dd,%+dh", days, hours);
		t = timegm(&tm) + (time_t)days * 86400 + (time_t)hours * 3600;
		assert_non_null(gmtime_r(&t, &tm));
		if (date_shift(&d, offset, &e) < 0) {
			assert_true(tm.tm_year + 1900 < 300 ||
			    tm.tm_year + 1900 > 9700);
			continue;
		}
		assert_int_equal(d.year, tm.tm_year + 1900);
		assert_int_equal(d.month, tm.tm_mon + 1);
		assert_int_equal(d.day, tm.tm_mday);
		assert_int_equal(d.hour, tm.tm_hour);
		(void)strftime(want, sizeof(want), "%j %u %V %G %a", &tm);
		assert_int_equal(date_format(format, sizeof(format),
				     "%j %u %V %G %a", &d, &e),
		    0);
		assert_string_equal(format, want);
	}
}

static void
test_format(void **state)
{
	static const struct {
		const char *format;
		const char *text; /* NULL: an error */
	} cases[] = {
		{ "%Y-%m-%d", "2026-11-24" },
		{ "%Y%m%d", "20261124" },
		{ "%H%M%S", "053007" },
		{ "%F %T", "2026-11-24 05:30:07" },
		{ "%a %A %b %B", "Tue Tuesday Nov November" },
		{ "%j", "328" },
		{ "%G-W%V-%u", "2026-W48-2" },
		{ "%y", "26" },
		{ "%I %p", "05 AM" },
		{ "100%%", "100%" },
		{ "plain", "plain" },
		{ "", NULL },
		{ "%", NULL },
		{ "%Y-%", NULL },
		{ "%Q", NULL },
		{ "%Z", NULL },
		{ "%z", NULL },
		{ "%s", NULL },
		{ "%n", NULL },
		{ "%t", NULL },
		{ "%Y%k", NULL },
		{ "%%%q", NULL },
	};
	struct date d = parse("2026-11-24T05:30:07");
	struct err e = ERR_INIT;
	char small[8];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[64] = "";
		int rc = date_format(
		    text, sizeof(text), cases[i].format, &d, &e);

		if ((rc == 0) != (cases[i].text != NULL))
			fail_msg("'%s' is %d", cases[i].format, rc);
		if (rc == 0)
			assert_string_equal(text, cases[i].text);
	}
	assert_int_equal(
	    date_format(small, sizeof(small), "%Y%m%d", &d, &e), -1);
	assert_int_equal(
	    date_format(small, sizeof(small), "%y%m%d", &d, &e), 0);
	assert_string_equal(small, "261124");
}

/* 2026-11-24T23:30:00Z and 2026-07-01T22:30:00Z, from date(1). */
static const int64_t winter_ms = 1795563000000, summer_ms = 1782945000000;

static void
test_today(void **state)
{
	static const struct {
		const char *zone;
		int64_t wall_ms;
		const char *date;
	} cases[] = {
		{ "UTC", 1795563000000, "2026-11-24" },
		{ "Europe/Berlin", 1795563000000, "2026-11-25" },
		{ "America/New_York", 1795563000000, "2026-11-24" },
		{ "Asia/Tokyo", 1795563000000, "2026-11-25" },
		/* In summer Berlin is two hours ahead. */
		{ "UTC", 1782945000000, "2026-07-01" },
		{ "Europe/Berlin", 1782945000000, "2026-07-02" },
		{ "UTC", 0, "1970-01-01" },
		{ "America/New_York", 0, "1969-12-31" },
		{ "UTC", -1, "1969-12-31" },
	};

	(void)state;
	assert_true(winter_ms > summer_ms);
	assert_int_equal(setenv("TZ", "Asia/Kolkata", 1), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct date d;
		char text[DATE_TEXT];
		struct err e = ERR_INIT;

		if (date_today(&d, cases[i].zone, cases[i].wall_ms, &e) < 0)
			fail_msg("%s", e.text);
		date_put(text, &d);
		assert_string_equal(text, cases[i].date);
		assert_string_equal(getenv("TZ"), "Asia/Kolkata");
	}
}

static void
test_today_of_the_system(void **state)
{
	struct date d;
	char text[DATE_TEXT];
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(setenv("TZ", "Asia/Tokyo", 1), 0);
	assert_int_equal(date_today(&d, NULL, winter_ms, &e), 0);
	date_put(text, &d);
	assert_string_equal(text, "2026-11-25");
	assert_int_equal(unsetenv("TZ"), 0);
	assert_int_equal(date_today(&d, "Asia/Tokyo", winter_ms, &e), 0);
	assert_null(getenv("TZ"));
}

static void
test_zones(void **state)
{
	static const char *const wrong[] = { "Europe/Berlni", "", "/etc/passwd",
		"../../../etc/passwd", "Europe", "zone.tab", ":UTC",
		"CET-1CEST", "europe/../../zoneinfo/UTC", "." };
	struct err e = ERR_INIT;
	struct date d;

	(void)state;
	assert_int_equal(date_check_zone("Europe/Berlin", &e), 0);
	assert_int_equal(date_check_zone("UTC", &e), 0);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (date_check_zone(wrong[i], &e) == 0)
			fail_msg("'%s' is a zone", wrong[i]);
		assert_int_equal(e.class, ERR_SPEC);
	}
	assert_int_equal(date_today(&d, "Europe/Berlni", winter_ms, &e), -1);
	/* Without a database UTC is still known. */
	assert_int_equal(setenv("TZDIR", "/nonexistent", 1), 0);
	assert_int_equal(date_check_zone("UTC", &e), 0);
	assert_int_equal(date_check_zone("Europe/Berlin", &e), -1);
	assert_int_equal(unsetenv("TZDIR"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_shift),
		cmocka_unit_test(test_shift_hints),
		cmocka_unit_test(test_days_like_the_c_library),
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_today),
		cmocka_unit_test(test_today_of_the_system),
		cmocka_unit_test(test_zones),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("date", tests, NULL, NULL);
}
