/*
 * schedule.h - when a job is expected: a crontab(5) expression in a time zone
 *
 * The five fields of crontab(5), or one of @hourly, @daily, @midnight,
 * @weekly, @monthly, @yearly and @annually. It is what cron or a timer was
 * told; nothing is started by it.
 *
 * Where the clocks change, it is as Debian's cron does it. A schedule whose
 * minute and hour are said ("30 2 * * *") happens once: a time that the
 * change skips is expected at the change, one that comes twice is expected
 * the first time. A schedule whose minute or hour begins with '*' (and
 * @hourly) goes by the clock: what is skipped does not happen, what comes
 * twice happens twice. A change of three hours or more is a new clock, after
 * which nothing is made up for.
 *
 * Units	wall time in milliseconds, UTC
 * Errors	ERR_SPEC, naming the field; ERR_INTERNAL
 * Source	crontab(5) and cron(8) of Debian 12 (cron 3.0pl1)
 */
#ifndef SPEC_SCHEDULE_H
#define SPEC_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "spec/date.h"

/* An expression as sets of bits. */
struct schedule {
	uint64_t minutes;  /* bits 0..59 */
	uint64_t hours;	   /* bits 0..23 */
	uint64_t days;	   /* of the month: bits 1..31 */
	uint64_t months;   /* bits 1..12 */
	uint64_t weekdays; /* bits 0..6 from Sunday */
	bool both_days;	   /* day and weekday must hold: one begins with '*' */
	bool by_clock;	   /* minute or hour begins with '*' */
};

/* Read an expression; one that can never happen is an error too. */
int
schedule_parse(struct schedule *s, const char *text, struct err *e) MUST_CHECK;
/*
 * The last expected time that is not after wall_ms, in a zone (NULL: the
 * system's). 1 when there is one, 0 when there is none within 50 years.
 */
int schedule_before(const struct schedule *s, const char *zone, int64_t wall_ms,
    int64_t *found_ms, struct err *e) MUST_CHECK;
/* The first expected time after wall_ms; likewise. */
int schedule_after(const struct schedule *s, const char *zone, int64_t wall_ms,
    int64_t *found_ms, struct err *e) MUST_CHECK;
/* Whether it is expected more than once on some days. */
bool schedule_is_often(const struct schedule *s);
/*
 * The logical date of an expected time: the day in the zone, and the time of
 * day too when the schedule has more than one on a day. A time that comes
 * twice has the same logical date twice.
 */
int schedule_date(const struct schedule *s, const char *zone,
    int64_t expected_ms, struct date *d, struct err *e) MUST_CHECK;
/* Whether a text is an expression, or empty (never); a check of a setting. */
int schedule_check(const char *text, struct err *e) MUST_CHECK;

#endif
