/*
 * date.h - the logical date of a run, in the job's time zone
 *
 * A date (with a time of day, 00:00:00 when none is given) that says which
 * day a run is for; it is civil time and is never converted.
 *
 * Errors	ERR_USAGE for a text that is no date, ERR_SPEC for an unknown
 *		time zone
 * Source	ISO 8601; POSIX localtime_r, strftime
 */
#ifndef SPEC_DATE_H
#define SPEC_DATE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* A civil date and time, proleptic Gregorian. */
struct date {
	int year;		  /* 1..9999 */
	int month, day;		  /* from 1 */
	int hour, minute, second; /* from 0 */
};

enum { DATE_TEXT = 24 };   /* room for date_put */
enum { DATE_MOMENT = 64 }; /* room for date_put_moment */
enum { DATE_BRIEF = 24 };  /* room for date_put_brief */

/* Whether the time zone is known here ("Europe/Berlin", "UTC"). */
int date_check_zone(const char *zone, struct err *e) MUST_CHECK;
/* Today at 00:00:00 in zone (NULL: the system's) at wall time wall_ms. */
int date_today(struct date *d, const char *zone, int64_t wall_ms,
    struct err *e) MUST_CHECK;
/* Read "2026-11-24" or "2026-11-24T05:30[:00]". */
int date_parse(struct date *d, const char *text, struct err *e) MUST_CHECK;
/*
 * Move by an offset: "-1d", "+2h", "-1w", "-1m" (months, clamped to the last
 * day), "-1y", "month-start", "month-end", "week-start" (Monday),
 * "year-start"; several joined by commas: "-1m,month-start".
 */
int date_shift(struct date *d, const char *offset, struct err *e) MUST_CHECK;
/* Write "2026-11-24", with the time when it is not 00:00:00. */
void date_put(char text[DATE_TEXT], const struct date *d);
/* Write wall time for people in a zone: "Wed 2026-11-25 05:30 CET". */
void date_put_moment(char text[DATE_MOMENT], const char *zone, int64_t wall_ms);
/* As short as ls(1) does: "25 Nov 05:30", or a date far from now. */
void date_put_brief(
    char text[DATE_BRIEF], const char *zone, int64_t wall_ms, int64_t now_ms);
/* Write by strftime in the C locale; fails when it does not fit. */
int date_format(char *text, size_t size, const char *format,
    const struct date *d, struct err *e) MUST_CHECK;

#endif
