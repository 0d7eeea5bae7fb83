/*
 * schedule.c - when a job is expected, by a crontab(5) expression
 *
 * Reading is table-driven, one row a field. Searching goes day by day: the
 * times of a day in the zone are turned into moments, none, one or two for
 * each. Nothing is started here, and nobody is told.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "calendar.h"
#include "spec/schedule.h"

enum {
	FIELDS = 5,
	HORIZON_DAYS = 50 * 366,	 /* how far is searched */
	NEW_CLOCK_SECONDS = 3 * 60 * 60, /* cron(8): "less than 3 hours" */
	WINDOW_SECONDS = 24 * 60 * 60,	 /* around a time: two offsets */
	TEXT_MAX = 256
};

static const char *const month_names[] = { "jan", "feb", "mar", "apr", "may",
	"jun", "jul", "aug", "sep", "oct", "nov", "dec", NULL };
static const char *const weekday_names[] = { "sun", "mon", "tue", "wed", "thu",
	"fri", "sat", NULL };

/* A field: its name, its numbers, and the names of the first ones. */
static const struct field {
	const char *name;	  /* in messages */
	unsigned low, high;	  /* numbers that it takes */
	const char *const *names; /* of low, low + 1...; or NULL */
} fields[FIELDS] = {
	{ "minute", 0, 59, NULL },
	{ "hour", 0, 23, NULL },
	{ "day of the month", 1, 31, NULL },
	{ "month", 1, 12, month_names },
	{ "day of the week", 0, 7, weekday_names },
};

static const struct {
	const char *name; /* as written */
	const char *text; /* what it stands for */
	bool by_clock;	  /* cron(8): @hourly counts as a wildcard */
} nicknames[] = {
	{ "@yearly", "0 0 1 1 *", false },
	{ "@annually", "0 0 1 1 *", false },
	{ "@monthly", "0 0 1 * *", false },
	{ "@weekly", "0 0 * * 0", false },
	{ "@daily", "0 0 * * *", false },
	{ "@midnight", "0 0 * * *", false },
	{ "@hourly", "0 * * * *", true },
};
enum { NICKNAMES = sizeof(nicknames) / sizeof(nicknames[0]) };

/* Reading. */

static int
refuse(const struct field *f, const char *part, const char *why, struct err *e)
{
	return err_set(e, ERR_SPEC, "%s: '%s' %s", f->name, part, why);
}

static int
hint_values(const struct field *f, struct err *e)
{
	if (f->names == NULL)
		return err_hint(e,
		    "Write *, a number from %u to %u, a range %u-%u, or "
		    "several with commas between; */2 takes every second.",
		    f->low, f->high, f->low, f->high);
	return err_hint(e,
	    "Write *, a number from %u to %u, the first three letters of a "
	    "name (%s), a range, or several with commas between.",
	    f->low, f->high, f->names[0]);
}

/* A number or a name at *at, which moves behind it; -1 for neither. */
static int
take_value(const struct field *f, const char **at)
{
	size_t n = strspn(*at, "0123456789");
	int value = 0;

	for (size_t i = 0; i < n && value < 1000; i++)
		value = value * 10 + ((*at)[i] - '0');
	if (n > 0) {
		*at += n;
		return value;
	}
	while (isalpha((unsigned char)(*at)[n]))
		n++;
	for (int i = 0; f->names != NULL && f->names[i] != NULL; i++)
		if (n == 3 && strncasecmp(*at, f->names[i], n) == 0) {
			*at += n;
			return (int)f->low + i;
		}
	return -1;
}

/* A range at *at: '*', one value, or two with '-' between. */
static int
take_range(const struct field *f, const char *part, const char **at,
    unsigned range[2], struct err *e)
{
	int from, to;

	if (**at == '*') {
		(*at)++;
		range[0] = f->low;
		range[1] = f->high;
		return 0;
	}
	from = to = take_value(f, at);
	if (from >= 0 && **at == '-') {
		(*at)++;
		to = take_value(f, at);
	}
	if (from < 0 || to < 0 || (**at != '\0' && **at != '/')) {
		(void)refuse(f, part, "is no value, range or list", e);
		return hint_values(f, e);
	}
	if (from < (int)f->low || from > (int)f->high || to < (int)f->low ||
	    to > (int)f->high) {
		(void)refuse(f, part, "is out of range", e);
		return hint_values(f, e);
	}
	if (to < from) {
		(void)refuse(f, part, "ends before it begins", e);
		return err_hint(e, "Write two ranges with a comma between.");
	}
	range[0] = (unsigned)from;
	range[1] = (unsigned)to;
	return 0;
}

/* "/N" at *at, when there is one. */
static int
take_step(const struct field *f, const char *part, const char **at,
    unsigned *step, struct err *e)
{
	const char *digits = *at + 1;
	size_t n;

	*step = 1;
	if (**at == '\0')
		return 0;
	n = strspn(digits, "0123456789");
	*step = 0;
	for (size_t i = 0; i < n && *step < 1000; i++)
		*step = *step * 10 + (unsigned)(digits[i] - '0');
	if (**at != '/' || n == 0 || digits[n] != '\0' || *step == 0) {
		(void)refuse(f, part, "has no step above 0 behind its '/'", e);
		return err_hint(e, "Write */N or LOW-HIGH/N.");
	}
	/* cron(8) refuses it; others take it in different ways. */
	if (part[0] != '*' && memchr(part, '-', (size_t)(*at - part)) == NULL) {
		(void)refuse(f, part, "has a step, but no range", e);
		return err_hint(e, "Write */N or LOW-HIGH/N.");
	}
	return 0;
}

static int
read_part(
    const struct field *f, const char *part, uint64_t *bits, struct err *e)
{
	const char *at = part;
	unsigned range[2] = { 0, 0 }, step = 1;

	if (take_range(f, part, &at, range, e) < 0 ||
	    take_step(f, part, &at, &step, e) < 0)
		return -1;
	for (unsigned i = range[0]; i <= range[1]; i += step)
		*bits |= (uint64_t)1 << i;
	return 0;
}

/* One field; text is taken apart. */
static int
read_field(const struct field *f, char *text, uint64_t *bits, struct err *e)
{
	const char *part;

	*bits = 0;
	while ((part = strsep(&text, ",")) != NULL)
		if (read_part(f, part, bits, e) < 0)
			return -1;
	return 0;
}

/* The fields of text, which is taken apart; how many there are. */
static unsigned
split(char *text, char *words[FIELDS])
{
	unsigned n = 0;
	char *word;

	while ((word = strsep(&text, " \t")) != NULL) {
		if (*word == '\0')
			continue;
		if (n < FIELDS)
			words[n] = word;
		n++;
	}
	return n;
}

static int
read_fields(struct schedule *s, char *text, struct err *e)
{
	uint64_t *const bits[FIELDS] = { &s->minutes, &s->hours, &s->days,
		&s->months, &s->weekdays };
	char *words[FIELDS] = { NULL, NULL, NULL, NULL, NULL };
	unsigned n = split(text, words);

	if (n != FIELDS) {
		(void)err_set(e, ERR_SPEC, "it has %u field%s, not five", n,
		    n == 1 ? "" : "s");
		return err_hint(e,
		    "Write minute, hour, day of the month, month and day of "
		    "the week as in crontab(5), without user and command: "
		    "\"30 5 * * 1-5\".");
	}
	s->by_clock = words[0][0] == '*' || words[1][0] == '*';
	s->both_days = words[2][0] == '*' || words[4][0] == '*';
	for (unsigned i = 0; i < FIELDS; i++)
		if (read_field(&fields[i], words[i], bits[i], e) < 0)
			return -1;
	s->weekdays |= s->weekdays >> 7 & 1; /* 7 is Sunday too */
	return 0;
}

/* What a nickname stands for, or NULL. */
static const char *
find_nickname(const char *text, bool *by_clock, struct err *e)
{
	const char *names[NICKNAMES];
	const char *near;

	for (size_t i = 0; i < NICKNAMES; i++) {
		names[i] = nicknames[i].name;
		*by_clock = nicknames[i].by_clock;
		if (strcasecmp(names[i], text) == 0)
			return nicknames[i].text;
	}
	near = str_nearest(text, names, NICKNAMES);
	(void)err_set(e, ERR_SPEC, "'%s' says no time", text);
	if (near != NULL)
		(void)err_hint(e, "Did you mean '%s'?", near);
	else
		(void)err_hint(e,
		    "There are @hourly, @daily, @midnight, @weekly, @monthly, "
		    "@yearly and @annually.");
	return NULL;
}

static bool
is_day(const struct schedule *s, int64_t number, const struct date *d)
{
	bool day = (s->days >> d->day & 1) != 0;
	bool weekday = (s->weekdays >> ((number + 1) % 7) & 1) != 0;

	return (s->months >> d->month & 1) != 0 &&
	    (s->both_days ? day && weekday : day || weekday);
}

/* Any 50 years have every day of the calendar on every weekday but one. */
static int
check_happens(const struct schedule *s, struct err *e)
{
	for (int64_t i = CALENDAR_EPOCH; i < CALENDAR_EPOCH + HORIZON_DAYS;
	     i++) {
		struct date d = { 0, 0, 0, 0, 0, 0 };

		if (calendar_set_day(&d, i) && is_day(s, i, &d))
			return 0;
	}
	(void)err_set(e, ERR_SPEC, "no year has such a day");
	return err_hint(e, "Look at the day of the month and the month.");
}

int
schedule_parse(struct schedule *s, const char *text, struct err *e)
{
	const char *from = text + strspn(text, " \t");
	bool by_clock = false;
	char copy[TEXT_MAX];

	memset(s, 0, sizeof(*s));
	(void)snprintf(copy, sizeof(copy), "%s", from);
	if (strlen(from) >= sizeof(copy))
		return err_set(e, ERR_SPEC, "it is longer than %d bytes",
		    (int)sizeof(copy) - 1);
	if (*from == '@') {
		copy[strcspn(copy, " \t")] = '\0';
		from = find_nickname(copy, &by_clock, e);
		if (from == NULL)
			return -1;
		(void)snprintf(copy, sizeof(copy), "%s", from);
	}
	if (read_fields(s, copy, e) < 0)
		return err_in(e, "'%s'", text);
	s->by_clock |= by_clock;
	return check_happens(s, e);
}

int
schedule_check(const char *text, struct err *e)
{
	struct schedule s;

	return *text == '\0' ? 0 : schedule_parse(&s, text, e);
}

/* Searching. The zone is entered; seconds are UTC unless they are civil. */

/* A search for the moment nearest to a time, on one side of it. */
struct search {
	const struct schedule *schedule;
	int64_t limit; /* UTC seconds: found <= limit, or > limit */
	bool forward;  /* above the limit, else not above it */
	bool found;    /* whether there was one */
	int64_t best;  /* the nearest one yet */
};

/* What the zone adds to UTC at a moment. */
static int64_t
offset_at(int64_t seconds)
{
	time_t t = (time_t)seconds;
	struct tm tm;

	return localtime_r(&t, &tm) != NULL ? (int64_t)tm.tm_gmtoff : 0;
}

static void
offer(struct search *s, int64_t moment)
{
	if (s->forward ? moment <= s->limit : moment > s->limit)
		return;
	if (s->found && (s->forward ? moment >= s->best : moment <= s->best))
		return;
	s->found = true;
	s->best = moment;
}

/* The moment between two at which the offset changes. */
static int64_t
change_between(int64_t low, int64_t high)
{
	int64_t before = offset_at(low);

	while (high - low > 1) {
		int64_t middle = low + (high - low) / 2;

		if (offset_at(middle) == before)
			low = middle;
		else
			high = middle;
	}
	return high;
}

/* A civil time near a change of the clocks: cron(8). */
static void
offer_near_change(struct search *s, int64_t civil)
{
	int64_t low = civil - offset_at(civil) - WINDOW_SECONDS;
	int64_t high = low + 2 * WINDOW_SECONDS;
	int64_t before = offset_at(low), after = offset_at(high);
	/* The earlier moment first: that of the larger offset. */
	int64_t first = civil - (before > after ? before : after);
	int64_t second = civil - (before > after ? after : before);
	bool is_first = offset_at(first) == civil - first;
	bool is_second = second != first && offset_at(second) == civil - second;

	if (is_first)
		offer(s, first);
	if (is_second && (!is_first || s->schedule->by_clock))
		offer(s, second);
	if (!is_first && !is_second && !s->schedule->by_clock &&
	    after - before < NEW_CLOCK_SECONDS)
		offer(s, change_between(low, high));
}

/* All times of a day. */
static void
offer_day(struct search *s, int64_t day)
{
	int64_t civil = (day - CALENDAR_EPOCH) * CALENDAR_DAY_SECONDS;
	int64_t offset = offset_at(civil - 2 * WINDOW_SECONDS);
	bool steady = offset == offset_at(civil + 3 * WINDOW_SECONDS);

	for (int minute = 0; minute < 24 * 60; minute++) {
		int64_t at = civil + minute * 60;

		if ((s->schedule->hours >> (minute / 60) & 1) == 0 ||
		    (s->schedule->minutes >> (minute % 60) & 1) == 0)
			continue;
		if (steady)
			offer(s, at - offset);
		else
			offer_near_change(s, at);
	}
}

/*
 * From the day of the limit, one day back, to the first one with a time; and
 * one more, since a change of the clocks at midnight mixes two days.
 */
static void
look(struct search *s)
{
	int64_t local = s->limit + offset_at(s->limit);
	int64_t day = CALENDAR_EPOCH + local / CALENDAR_DAY_SECONDS -
	    (local % CALENDAR_DAY_SECONDS < 0);
	int step = s->forward ? 1 : -1;
	int more = 2;

	day -= step;
	for (int i = 0; i < HORIZON_DAYS && more > 0; i++, day += step) {
		struct date d = { 0, 0, 0, 0, 0, 0 };

		if (calendar_set_day(&d, day) && is_day(s->schedule, day, &d))
			offer_day(s, day);
		if (s->found)
			more--;
	}
}

static int
find(struct search *s, const char *zone, int64_t wall_ms, int64_t *found_ms,
    struct err *e)
{
	struct zone entered;

	s->limit = wall_ms / 1000 - (wall_ms % 1000 < 0);
	if (zone_enter(&entered, zone, e) < 0)
		return -1;
	look(s);
	zone_leave(&entered);
	*found_ms = s->best * 1000;
	return s->found;
}

int
schedule_before(const struct schedule *s, const char *zone, int64_t wall_ms,
    int64_t *found_ms, struct err *e)
{
	struct search search = { .schedule = s, .forward = false };

	return find(&search, zone, wall_ms, found_ms, e);
}

int
schedule_after(const struct schedule *s, const char *zone, int64_t wall_ms,
    int64_t *found_ms, struct err *e)
{
	struct search search = { .schedule = s, .forward = true };

	return find(&search, zone, wall_ms, found_ms, e);
}

bool
schedule_is_often(const struct schedule *s)
{
	return (s->minutes & (s->minutes - 1)) != 0 ||
	    (s->hours & (s->hours - 1)) != 0;
}

/*
 * The civil time of the expected moment. What a change skipped has the time
 * of the change, which is on the same day but where midnight is skipped; and
 * there, 00:00 and 01:00 are the same day again.
 */
int
schedule_date(const struct schedule *s, const char *zone, int64_t expected_ms,
    struct date *d, struct err *e)
{
	time_t t = (time_t)(expected_ms / 1000 - (expected_ms % 1000 < 0));
	struct zone entered;
	struct tm tm, *done;

	if (zone_enter(&entered, zone, e) < 0)
		return -1;
	done = localtime_r(&t, &tm);
	zone_leave(&entered);
	if (done == NULL)
		return err_set(e, ERR_INTERNAL, "the time is out of range");
	*d = (struct date){ .year = tm.tm_year + 1900,
		.month = tm.tm_mon + 1,
		.day = tm.tm_mday };
	if (schedule_is_often(s)) {
		d->hour = tm.tm_hour;
		d->minute = tm.tm_min;
	}
	return 0;
}
