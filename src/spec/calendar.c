/*
 * calendar.c - days of the Gregorian calendar, and entering a time zone
 *
 * Knows nothing of texts: see date.c for those, schedule.c for what is
 * expected when.
 */
#include <stdlib.h>

#include "base/str.h"
#include "calendar.h"

static bool
is_leap(int64_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int
calendar_month_days(int64_t year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30,
		31 };

	return days[month - 1] + (month == 2 && is_leap(year));
}

/* Days before January 1 of a year, counted from year 1. */
static int64_t
days_before_year(int64_t year)
{
	int64_t y = year - 1;

	return 365 * y + y / 4 - y / 100 + y / 400;
}

int
calendar_year_day(const struct date *d)
{
	int n = d->day - 1;

	for (int m = 1; m < d->month; m++)
		n += calendar_month_days(d->year, m);
	return n;
}

int64_t
calendar_day(const struct date *d)
{
	return days_before_year(d->year) + calendar_year_day(d);
}

bool
calendar_set_day(struct date *d, int64_t number)
{
	int64_t year;

	if (number < 0 || number >= days_before_year(CALENDAR_YEAR_MAX + 1))
		return false;
	/* A year has at most 366 days, so this is too early or right. */
	year = number / 366 + 1;
	while (number >= days_before_year(year + 1))
		year++;
	number -= days_before_year(year);
	d->year = (int)year;
	d->month = 1;
	while (number >= calendar_month_days(year, d->month))
		number -= calendar_month_days(year, d->month++);
	d->day = (int)number + 1;
	return true;
}

/* Two pairs of setenv and tzset: what is in between speaks of the zone. */
int
zone_enter(struct zone *z, const char *name, struct err *e)
{
	const char *tz = getenv("TZ");

	z->before = str_dup(tz);
	if ((tz != NULL && z->before == NULL) ||
	    (name != NULL && setenv("TZ", name, 1) < 0)) {
		free(z->before);
		z->before = NULL;
		return err_set(e, ERR_INTERNAL, "out of memory");
	}
	tzset();
	return 0;
}

void
zone_leave(struct zone *z)
{
	if (z->before != NULL)
		(void)setenv("TZ", z->before, 1);
	else
		(void)unsetenv("TZ");
	tzset();
	free(z->before);
	z->before = NULL;
}
