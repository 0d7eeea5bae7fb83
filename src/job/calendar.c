/*
 * calendar.c - a schedule as cron writes it, as systemd writes it
 *
 * Each field becomes the set of its values, and the set is written anew: what
 * it means is the same, however it was said.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "job/calendar.h"

enum { FIELDS = 5, MINUTE = 0, HOUR, DAY, MONTH, WEEKDAY, WORD = 16 };

static const char *const months[] = { "jan", "feb", "mar", "apr", "may", "jun",
	"jul", "aug", "sep", "oct", "nov", "dec" };
static const char *const weekdays[] = { "Sun", "Mon", "Tue", "Wed", "Thu",
	"Fri", "Sat" };

/* What a field may be. */
static const struct field {
	const char *name;
	int min, max;
} fields[FIELDS] = { { "minute", 0, 59 }, { "hour", 0, 23 },
	{ "day of the month", 1, 31 }, { "month", 1, 12 },
	{ "day of the week", 0, 7 } };

/* The values of one field. */
struct values {
	uint64_t set; /* bit i: i is in it */
	bool is_star; /* it began with a star: crontab(5), the days */
};

static int
refuse(const char *text, size_t n, int f, struct err *e)
{
	(void)err_set(e, ERR_USAGE, "'%.*s' is no %s of a cron schedule",
	    (int)n, text, fields[f].name);
	return err_hint(e,
	    "Write minute, hour, day of the month, month and day of the week: "
	    "'30 5 * * 1-5'.");
}

/* A number, or the name of a month or a day; -1 for neither. */
static int
read_value(const char **at, int f)
{
	int value = 0;
	size_t n = strspn(*at, "0123456789");

	if (n > 0 && n < 3) {
		for (size_t i = 0; i < n; i++)
			value = value * 10 + ((*at)[i] - '0');
		*at += n;
		return value;
	}
	for (int i = 0; f == MONTH && i < 12; i++)
		if (strncasecmp(*at, months[i], 3) == 0) {
			*at += 3;
			return i + 1;
		}
	for (int i = 0; f == WEEKDAY && i < 7; i++)
		if (strncasecmp(*at, weekdays[i], 3) == 0) {
			*at += 3;
			return i;
		}
	return -1;
}

/* "*", "5", "1-5", each with or without "/2". */
static int
read_range(const char **at, int f, struct values *v)
{
	int from, to, step = 1;

	if (**at == '*') {
		++*at;
		from = fields[f].min;
		to = f == WEEKDAY ? 6 : fields[f].max;
	} else {
		from = to = read_value(at, f);
		if (from >= 0 && **at == '-') {
			++*at;
			to = read_value(at, f);
		} else if (**at == '/')
			to = fields[f].max;
	}
	if (**at == '/') {
		++*at;
		step = read_value(at, MINUTE);
	}
	if (from < fields[f].min || to > fields[f].max || from > to || step < 1)
		return -1;
	for (int i = from; i <= to; i += step)
		v->set |= (uint64_t)1 << (f == WEEKDAY ? i % 7 : i);
	return 0;
}

static int
read_field(const char *text, size_t n, int f, struct values *v, struct err *e)
{
	const char *at = text;

	v->set = 0;
	v->is_star = *text == '*';
	for (;;) {
		if (read_range(&at, f, v) < 0)
			return refuse(text, n, f, e);
		if (at == text + n)
			return 0;
		if (*at != ',')
			return refuse(text, n, f, e);
		at++;
	}
}

static int
last_of(int f)
{
	return f == WEEKDAY ? 6 : fields[f].max;
}

static bool
is_in(const struct values *v, int i)
{
	return (v->set >> i & 1) != 0;
}

/* The step with which the set goes through to the end, from *from; or 0. */
static int
step_of(const struct values *v, int f, int *from)
{
	int first = -1, second = -1;

	for (int i = fields[f].min; i <= last_of(f); i++)
		if (is_in(v, i)) {
			if (first < 0)
				first = i;
			else if (second < 0)
				second = i;
		}
	*from = first;
	if (second < 0 || second - first < 2 ||
	    second + (second - first) > last_of(f))
		return 0;
	for (int i = fields[f].min; i <= last_of(f); i++)
		if (is_in(v, i) !=
		    (i >= first && (i - first) % (second - first) == 0))
			return 0;
	return second - first;
}

static void
put_value(char text[WORD], int f, int value)
{
	if (f == WEEKDAY)
		(void)snprintf(text, WORD, "%s", weekdays[value % 7]);
	else
		(void)snprintf(text, WORD, "%02d", value);
}

/* Values and ranges, in order; of days of the week, from Monday. */
static int
put_list(struct buf *out, const struct values *v, int f, struct err *e)
{
	int offset = f == WEEKDAY ? 1 : 0;
	bool any = false;

	for (int i = fields[f].min; i <= last_of(f); i++) {
		char from[WORD], to[WORD];
		int end = i;
		int rc;

#define AT(k) (f == WEEKDAY ? ((k) + offset) % 7 : (k))
		if (!is_in(v, AT(i)))
			continue;
		while (end < last_of(f) && is_in(v, AT(end + 1)))
			end++;
		if (end == i + 1)
			end = i;
		put_value(from, f, AT(i));
		put_value(to, f, AT(end));
#undef AT
		rc = end > i ?
		    buf_printf(out, e, "%s%s..%s", any ? "," : "", from, to) :
		    buf_printf(out, e, "%s%s", any ? "," : "", from);
		if (rc < 0)
			return -1;
		any = true;
		i = end;
	}
	return 0;
}

static bool
is_full(const struct values *v, int f)
{
	for (int i = fields[f].min; i <= last_of(f); i++)
		if (!is_in(v, i))
			return false;
	return true;
}

static int
put_field(struct buf *out, const struct values *v, int f, struct err *e)
{
	int from, step;

	if (is_full(v, f))
		return buf_puts(out, "*", e);
	step = f == WEEKDAY ? 0 : step_of(v, f, &from);
	if (step > 0)
		return buf_printf(out, e, "%02d/%d", from, step);
	return put_list(out, v, f, e);
}

static int
put_line(struct buf *out, const struct values *v, bool by_day, bool by_weekday,
    struct err *e)
{
	static const struct values all = { UINT64_MAX, true };

	if (by_weekday && !is_full(&v[WEEKDAY], WEEKDAY) &&
	    (put_list(out, &v[WEEKDAY], WEEKDAY, e) < 0 ||
		buf_puts(out, " ", e) < 0))
		return -1;
	if (buf_puts(out, "*-", e) < 0 ||
	    put_field(out, &v[MONTH], MONTH, e) < 0 ||
	    buf_puts(out, "-", e) < 0 ||
	    put_field(out, by_day ? &v[DAY] : &all, DAY, e) < 0 ||
	    buf_puts(out, " ", e) < 0 ||
	    put_field(out, &v[HOUR], HOUR, e) < 0 ||
	    buf_puts(out, ":", e) < 0 ||
	    put_field(out, &v[MINUTE], MINUTE, e) < 0)
		return -1;
	return buf_puts(out, ":00\n", e);
}

/* "@daily" and its kin as five fields; NULL for another word. */
static const char *
expand_word(const char *word)
{
	static const char *const words[][2] = { { "@yearly", "0 0 1 1 *" },
		{ "@annually", "0 0 1 1 *" }, { "@monthly", "0 0 1 * *" },
		{ "@weekly", "0 0 * * 0" }, { "@daily", "0 0 * * *" },
		{ "@midnight", "0 0 * * *" }, { "@hourly", "0 * * * *" } };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(word, words[i][0]) == 0)
			return words[i][1];
	return NULL;
}

int
calendar_put(struct buf *out, const char *cron, struct err *e)
{
	struct values v[FIELDS];
	const char *at = cron[0] == '@' ? expand_word(cron) : cron;
	bool both;

	if (at == NULL) {
		(void)err_set(
		    e, ERR_USAGE, "systemd has no words for '%s'", cron);
		return err_hint(e, "Write OnBootSec= for @reboot by hand.");
	}
	for (int f = 0; f < FIELDS; f++) {
		size_t n;

		at += strspn(at, " \t");
		n = strcspn(at, " \t");
		if (read_field(at, n, f, &v[f], e) < 0)
			return -1;
		at += n;
	}
	if (at[strspn(at, " \t")] != '\0') {
		(void)err_set(e, ERR_USAGE,
		    "'%s' has more than the five fields of a cron schedule",
		    cron);
		return err_hint(e, "Give the schedule without the command.");
	}
	/* crontab(5): either of the days is enough when neither is a star. */
	both = !v[DAY].is_star && !v[WEEKDAY].is_star;
	if (put_line(out, v, true, !both, e) < 0)
		return -1;
	return both ? put_line(out, v, false, true, e) : 0;
}
