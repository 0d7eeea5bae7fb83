/*
 * calendar.h - days of the proleptic Gregorian calendar, and time zones
 *
 * What date.c and schedule.c share. Days are counted from 0001-01-01, which
 * was a Monday.
 *
 * Threads	one: a zone is entered by the variable TZ
 * Source	ISO 8601; POSIX localtime_r, tzset
 */
#ifndef SPEC_CALENDAR_H
#define SPEC_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "spec/date.h"

/* Numbers of the calendar. */
enum {
	CALENDAR_YEAR_MAX = 9999,	    /* the last year */
	CALENDAR_EPOCH = 719162,	    /* the day 1970-01-01 */
	CALENDAR_DAY_SECONDS = 24 * 60 * 60 /* of a day */
};

/* How many days a month (from 1) has. */
int calendar_month_days(int64_t year, int month);
/* Day of the year, from 0. */
int calendar_year_day(const struct date *d);
/* Days since 0001-01-01. */
int64_t calendar_day(const struct date *d);
/* Set year, month and day; false outside of the years 1 to 9999. */
bool calendar_set_day(struct date *d, int64_t number);

/* What TZ was before a zone was entered. */
struct zone {
	char *before; /* owned; NULL: it was not set */
};

/* Let localtime_r speak of a zone (NULL: the system's) until zone_leave. */
int zone_enter(struct zone *z, const char *name, struct err *e) MUST_CHECK;
/* Put TZ back. */
void zone_leave(struct zone *z);

#endif
