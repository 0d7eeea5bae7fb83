/*
 * date.c - the logical date: civil time, read, moved and written
 *
 * Only date_today knows about time zones; everything else is the arithmetic
 * of calendar.c. Which date a run is for is decided in
 * job/plan.c; texts with dates in them are template.c's.
 */
#include <ctype.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "calendar.h"

enum { DATE_OFFSET_MAX = 100000000 };

/*
 * What POSIX strftime can write of a date without a zone; %n and %t are
 * control bytes, %s, %z and %Z would convert.
 */
static const char conversions[] = "aAbBcCdDeFgGhHIjmMpRSTuUVwWxXyY%";

static const char *const offset_words[] = { "month-start", "month-end",
	"week-start", "year-start" };

/* The directory of the time zone database, as glibc's tzset takes it. */
static const char *
zone_dir(void)
{
	const char *dir = getenv("TZDIR");

	return dir != NULL && *dir != '\0' ? dir : "/usr/share/zoneinfo";
}

int
date_check_zone(const char *zone, struct err *e)
{
	struct buf b = BUF_INIT(1024 * 1024);
	struct err ignored = ERR_INIT;
	char *path;
	int rc;

	/* glibc takes an unknown zone for UTC without a word: look first. */
	if (strcmp(zone, "UTC") == 0)
		return 0;
	path = file_join(zone_dir(), zone, e);
	if (path == NULL)
		return -1;
	rc = zone[0] == '\0' || zone[0] == '/' || zone[0] == ':' ||
		zone[0] == '.' || strstr(zone, "..") != NULL ?
	    -1 :
	    file_read(&b, path, FILE_ANY, &ignored);
	if (rc == 0 && (b.length < 4 || memcmp(b.data, "TZif", 4) != 0))
		rc = -1;
	free(path);
	buf_release(&b);
	if (rc == 0)
		return 0;
	(void)err_set(
	    e, ERR_SPEC, "the time zone '%s' is not known here", zone);
	return err_hint(e,
	    "Write a name of the time zone database, like "
	    "\"Europe/Berlin\" or \"UTC\"; it is looked up in %s.",
	    zone_dir());
}

/* localtime_r in another zone. */
static int
local_time(struct tm *tm, const char *zone, time_t t, struct err *e)
{
	struct zone entered;
	struct tm *done;

	if (zone_enter(&entered, zone, e) < 0)
		return -1;
	done = localtime_r(&t, tm);
	zone_leave(&entered);
	return done != NULL ?
	    0 :
	    err_set(e, ERR_INTERNAL, "the time is out of range");
}

int
date_today(struct date *d, const char *zone, int64_t wall_ms, struct err *e)
{
	int64_t seconds = wall_ms / 1000 - (wall_ms % 1000 < 0);
	struct tm tm;

	if (zone != NULL && date_check_zone(zone, e) < 0)
		return -1;
	if (local_time(&tm, zone, (time_t)seconds, e) < 0)
		return -1;
	*d = (struct date){ .year = tm.tm_year + 1900,
		.month = tm.tm_mon + 1,
		.day = tm.tm_mday };
	return 0;
}

/* Exactly n digits; the text after them, or NULL. */
static const char *
take_digits(const char *text, int n, int *value)
{
	*value = 0;
	for (int i = 0; text != NULL && i < n; i++, text++) {
		if (!isdigit((unsigned char)*text))
			return NULL;
		*value = *value * 10 + (*text - '0');
	}
	return text;
}

/* One given character; the text after it, or NULL. */
static const char *
take_char(const char *text, char c)
{
	return text != NULL && *text == c ? text + 1 : NULL;
}

static const char *
take_time(const char *text, struct date *d)
{
	text = take_digits(text, 2, &d->hour);
	text = take_char(text, ':');
	text = take_digits(text, 2, &d->minute);
	if (text != NULL && *text == ':')
		text = take_digits(text + 1, 2, &d->second);
	return text;
}

int
date_parse(struct date *d, const char *text, struct err *e)
{
	struct date new = { 0, 0, 0, 0, 0, 0 };
	const char *at = text;

	at = take_digits(at, 4, &new.year);
	at = take_char(at, '-');
	at = take_digits(at, 2, &new.month);
	at = take_char(at, '-');
	at = take_digits(at, 2, &new.day);
	if (at != NULL && (*at == 'T' || *at == ' '))
		at = take_time(at + 1, &new);
	if (at != NULL && *at == '\0' && new.year >= 1 && new.month >= 1 &&
	    new.month <= 12 && new.day >= 1 &&
	    new.day <= calendar_month_days(new.year, new.month) &&
	    new.hour <= 23 && new.minute <= 59 && new.second <= 59) {
		*d = new;
		return 0;
	}
	(void)err_set(e, ERR_USAGE, "'%s' is not a date", text);
	return err_hint(e,
	    "Write YYYY-MM-DD, like 2026-11-24, or "
	    "YYYY-MM-DDTHH:MM.");
}

static bool
shift_days(struct date *d, int64_t days)
{
	return calendar_set_day(d, calendar_day(d) + days);
}

static bool
shift_hours(struct date *d, int64_t hours)
{
	int64_t at = d->hour + hours;
	int64_t days = at / 24 - (at % 24 < 0);

	if (!shift_days(d, days))
		return false;
	d->hour = (int)(at - days * 24);
	return true;
}

/* The day is clamped: a month after January 31 is the end of February. */
static bool
shift_months(struct date *d, int64_t months)
{
	int64_t at = (int64_t)d->year * 12 + d->month - 1 + months;
	int last;

	if (at < 12 || at / 12 > CALENDAR_YEAR_MAX)
		return false;
	d->year = (int)(at / 12);
	d->month = (int)(at % 12) + 1;
	last = calendar_month_days(d->year, d->month);
	if (d->day > last)
		d->day = last;
	return true;
}

/* By "-1d" and its kind: 1 done, 0 not such an offset, -1 out of range. */
static int
shift_by(struct date *d, const char *offset)
{
	int64_t n = 0;
	const char *at = offset + 1;
	bool done;

	if ((*offset != '+' && *offset != '-') || !isdigit((unsigned char)*at))
		return 0;
	for (; isdigit((unsigned char)*at); at++)
		if (n <= DATE_OFFSET_MAX)
			n = n * 10 + (*at - '0');
	if (*at == '\0' || at[1] != '\0' || strchr("hdwmy", *at) == NULL)
		return 0;
	if (n > DATE_OFFSET_MAX)
		return -1;
	if (*offset == '-')
		n = -n;
	switch (*at) {
	case 'h':
		done = shift_hours(d, n);
		break;
	case 'd':
		done = shift_days(d, n);
		break;
	case 'w':
		done = shift_days(d, n * 7);
		break;
	case 'm':
		done = shift_months(d, n);
		break;
	default:
		done = shift_months(d, n * 12);
	}
	return done ? 1 : -1;
}

/* To the start or end that a word names; the time becomes 00:00:00. */
static int
shift_to(struct date *d, const char *word)
{
	bool done = true;

	if (strcmp(word, "month-start") == 0)
		d->day = 1;
	else if (strcmp(word, "month-end") == 0)
		d->day = calendar_month_days(d->year, d->month);
	else if (strcmp(word, "week-start") == 0)
		done = shift_days(d, -(calendar_day(d) % 7));
	else if (strcmp(word, "year-start") == 0)
		d->month = d->day = 1;
	else
		return 0;
	d->hour = d->minute = d->second = 0;
	return done ? 1 : -1;
}

static int
shift_one(struct date *d, const char *offset, struct err *e)
{
	const char *near;
	int rc = shift_by(d, offset);

	if (rc == 0)
		rc = shift_to(d, offset);
	if (rc > 0)
		return 0;
	if (rc < 0)
		return err_set(e, ERR_SPEC,
		    "the offset '%s' leaves the years "
		    "1 to %d",
		    offset, CALENDAR_YEAR_MAX);
	(void)err_set(e, ERR_SPEC, "unknown date offset '%s'", offset);
	near = str_nearest(offset, offset_words,
	    sizeof(offset_words) / sizeof(offset_words[0]));
	if (near != NULL)
		return err_hint(e, "Did you mean '%s'?", near);
	return err_hint(e,
	    "Write + or -, a number and h, d, w, m (months) or "
	    "y, or one of month-start, month-end, week-start, year-start.");
}

int
date_shift(struct date *d, const char *offset, struct err *e)
{
	struct date moved = *d;
	char *copy = str_dup(offset);
	char *at = copy;
	int rc = 0;

	if (copy == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	while (rc == 0 && at != NULL) {
		const char *part = strsep(&at, ",");

		rc = shift_one(&moved, part, e);
	}
	free(copy);
	if (rc == 0)
		*d = moved;
	return rc;
}

void
date_put(char text[DATE_TEXT], const struct date *d)
{
	/* The remainders only tell the compiler that it fits. */
	unsigned year = (unsigned)d->year % 10000;
	unsigned month = (unsigned)d->month % 100;
	unsigned day = (unsigned)d->day % 100;

	if (d->hour == 0 && d->minute == 0 && d->second == 0)
		(void)snprintf(
		    text, DATE_TEXT, "%04u-%02u-%02u", year, month, day);
	else
		(void)snprintf(text, DATE_TEXT, "%04u-%02u-%02uT%02u:%02u:%02u",
		    year, month, day, (unsigned)d->hour % 100,
		    (unsigned)d->minute % 100, (unsigned)d->second % 100);
}

/* The clock of a zone at wall time. */
static int
clock_of(struct tm *tm, const char *zone, int64_t wall_ms)
{
	int64_t seconds = wall_ms / 1000 - (wall_ms % 1000 < 0);
	struct err ignored = ERR_INIT;

	return local_time(tm, zone, (time_t)seconds, &ignored);
}

void
date_put_moment(char text[DATE_MOMENT], const char *zone, int64_t wall_ms)
{
	struct tm tm;

	if (clock_of(&tm, zone, wall_ms) < 0 ||
	    strftime(text, DATE_MOMENT, "%a %Y-%m-%d %H:%M %Z", &tm) == 0)
		(void)snprintf(text, DATE_MOMENT, "?");
}

void
date_put_brief(
    char text[DATE_BRIEF], const char *zone, int64_t wall_ms, int64_t now_ms)
{
	const int64_t far_ms = INT64_C(300) * 24 * 60 * 60 * 1000;
	bool is_far = wall_ms < now_ms - far_ms || wall_ms > now_ms + far_ms;
	size_t n = 0;
	struct tm tm;

	if (clock_of(&tm, zone, wall_ms) == 0)
		n = is_far ? strftime(text, DATE_BRIEF, "%Y-%m-%d", &tm) :
			     strftime(text, DATE_BRIEF, "%e %b %H:%M", &tm);
	if (n == 0)
		(void)snprintf(text, DATE_BRIEF, "?");
}

static int
check_format(const char *format, struct err *e)
{
	if (*format == '\0') {
		(void)err_set(e, ERR_SPEC, "a date without a format");
		return err_hint(
		    e, "Write a strftime format, like %%Y-%%m-%%d.");
	}
	for (const char *at = strchr(format, '%'); at != NULL;
	     at = strchr(at + 2, '%')) {
		if (at[1] != '\0' && strchr(conversions, at[1]) != NULL)
			continue;
		(void)err_set(e, ERR_SPEC,
		    "unknown conversion '%.2s' in the "
		    "date format '%s'",
		    at, format);
		return err_hint(e,
		    "See strftime(3); what depends on a time "
		    "zone (%%z, %%Z, %%s) has no meaning here.");
	}
	return 0;
}

int
date_format(char *text, size_t size, const char *format, const struct date *d,
    struct err *e)
{
	struct tm tm = { .tm_year = d->year - 1900,
		.tm_mon = d->month - 1,
		.tm_mday = d->day,
		.tm_hour = d->hour,
		.tm_min = d->minute,
		.tm_sec = d->second };
	locale_t c;
	size_t n;

	if (check_format(format, e) < 0)
		return -1;
	tm.tm_wday = (int)((calendar_day(d) + 1) % 7);
	tm.tm_yday = calendar_year_day(d);
	c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	if (c == (locale_t)0)
		return err_set(e, ERR_INTERNAL, "out of memory");
	n = strftime_l(text, size, format, &tm, c);
	freelocale(c);
	return n > 0 ? 0 :
		       err_set(e, ERR_SPEC,
			   "the date format '%s' gives "
			   "more than %zu bytes",
			   format, size > 0 ? size - 1 : 0);
}
