/*
 * test_schedule.c - expected times, by cases in tests/cases/schedule
 *
 * tests/expect compares many more with a cron that is played minute by
 * minute.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "cases.h"
#include "spec/schedule.h"

/* "2026-11-26T05:30Z" in milliseconds. */
static int64_t
read_moment(const char *text)
{
	struct tm tm = { 0 };
	char z = 0;

	if (sscanf(text, "%d-%d-%dT%d:%d%c", &tm.tm_year, &tm.tm_mon,
		&tm.tm_mday, &tm.tm_hour, &tm.tm_min, &z) != 6 ||
	    z != 'Z')
		fail_msg("'%s' is no moment", text);
	tm.tm_year -= 1900;
	tm.tm_mon--;
	return (int64_t)timegm(&tm) * 1000;
}

static const char *
put_moment(int64_t ms)
{
	static char text[64];
	time_t t = (time_t)(ms / 1000);
	struct tm tm;

	assert_non_null(gmtime_r(&t, &tm));
	(void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%MZ", &tm);
	return text;
}

/* The moments in a zone: each is found from before and from behind. */
static void
check_one(const struct test_case *c, const struct schedule *s, const char *zone,
    int64_t from, int64_t wanted)
{
	struct err e = ERR_INIT;
	int64_t found;

	assert_int_equal(schedule_after(s, zone, from, &found, &e), 1);
	if (found != wanted)
		fail_msg("%s: after: %s", c->title, put_moment(found));
	assert_int_equal(schedule_after(s, zone, wanted - 1, &found, &e), 1);
	if (found != wanted)
		fail_msg("%s: just before: %s", c->title, put_moment(found));
	assert_int_equal(schedule_before(s, zone, wanted, &found, &e), 1);
	if (found != wanted)
		fail_msg("%s: at: %s", c->title, put_moment(found));
	assert_int_equal(schedule_before(s, zone, wanted - 1, &found, &e), 1);
	if (found > from)
		fail_msg("%s: between: %s", c->title, put_moment(found));
}

static void
check_times(const struct test_case *c, const struct schedule *s)
{
	const char *zone = case_head(c, "zone", "UTC");
	int64_t from = read_moment(case_head(c, "from", ""));
	char *text = strdup(case_part(c, "times")->text);
	char *rest = text, *line;
	struct err e = ERR_INIT;
	size_t n = 0;

	while ((line = strsep(&rest, "\n")) != NULL && *line != '\0') {
		char *date = strchr(line, ' ');
		char got[DATE_TEXT];
		struct date d;
		int64_t wanted;

		assert_non_null(date);
		*date++ = '\0';
		wanted = read_moment(line);
		check_one(c, s, zone, from, wanted);
		assert_int_equal(schedule_date(s, zone, wanted, &d, &e), 0);
		date_put(got, &d);
		if (strcmp(got, date) != 0)
			fail_msg("%s: date %s", c->title, got);
		from = wanted;
		n++;
	}
	assert_true(n > 0);
	free(text);
}

static void
run_case(const struct test_case *c)
{
	const struct case_part *error = case_part(c, "error");
	const char *text = case_head(c, "cron", "");
	struct schedule s;
	struct err e = ERR_INIT;
	int rc = schedule_parse(&s, text, &e);

	if (error == NULL) {
		if (rc < 0)
			fail_msg("%s: %s", c->title, e.text);
		check_times(c, &s);
		return;
	}
	if (rc == 0)
		fail_msg("%s: is taken", c->title);
	assert_int_equal(e.class, ERR_SPEC);
	if (strstr(e.text, error->head) == NULL)
		fail_msg("%s: %s", c->title, e.text);
	assert_true(e.hint[0] != '\0');
}

static void
run_cases(const char *name)
{
	struct test_case *cases;
	size_t n;

	cases = cases_load(name, &n);
	for (size_t i = 0; i < n; i++)
		run_case(&cases[i]);
	cases_free(cases, n);
}

static void
test_days(void **state)
{
	(void)state;
	run_cases("schedule/days.cases");
}

static void
test_clocks(void **state)
{
	(void)state;
	run_cases("schedule/clocks.cases");
}

static void
test_wrong(void **state)
{
	(void)state;
	run_cases("schedule/wrong.cases");
}

/* The variable TZ is what it was, and no zone is the system's. */
static void
test_zone(void **state)
{
	struct schedule s;
	struct err e = ERR_INIT;
	int64_t found;

	(void)state;
	assert_int_equal(setenv("TZ", "America/New_York", 1), 0);
	assert_int_equal(schedule_parse(&s, "0 12 * * *", &e), 0);
	assert_int_equal(schedule_after(&s, NULL, 0, &found, &e), 1);
	assert_int_equal(found, 17 * 3600 * 1000);
	assert_int_equal(schedule_after(&s, "Asia/Tokyo", 0, &found, &e), 1);
	assert_int_equal(found, 3 * 3600 * 1000);
	assert_string_equal(getenv("TZ"), "America/New_York");
	assert_int_equal(unsetenv("TZ"), 0);
	assert_int_equal(schedule_after(&s, "Asia/Tokyo", 0, &found, &e), 1);
	assert_null(getenv("TZ"));
}

/* Milliseconds within a second, and a text as a check of a setting. */
static void
test_edges(void **state)
{
	char text[600];
	struct schedule s;
	struct err e = ERR_INIT;
	int64_t found;

	(void)state;
	assert_int_equal(schedule_parse(&s, "* * * * *", &e), 0);
	assert_int_equal(schedule_before(&s, "UTC", 59999, &found, &e), 1);
	assert_int_equal(found, 0);
	assert_int_equal(schedule_before(&s, "UTC", -1, &found, &e), 1);
	assert_int_equal(found, -60000);
	assert_int_equal(schedule_after(&s, "UTC", -1, &found, &e), 1);
	assert_int_equal(found, 0);
	assert_int_equal(schedule_check("", &e), 0);
	assert_int_equal(schedule_check("x", &e), -1);
	memset(text, ' ', sizeof(text));
	memcpy(text + 580, "* * * * *", 10);
	assert_int_equal(schedule_check(text, &e), 0);
	memset(text, '1', 570);
	assert_int_equal(schedule_check(text, &e), -1);
	assert_non_null(strstr(e.text, "longer"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_days),
		cmocka_unit_test(test_clocks),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_zone),
		cmocka_unit_test(test_edges),
	};

	return cmocka_run_group_tests_name("schedule", tests, NULL, NULL);
}
