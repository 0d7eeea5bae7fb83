/*
 * moment.c - wall time as it is typed and as it stands in JSON
 */
#include <time.h>

#include "base/clock.h"
#include "base/str.h"
#include "cli/moment.h"
#include "spec/date.h"

void
moment_json(struct json *j, const char *key, int64_t wall_ms)
{
	char text[CLOCK_TEXT];

	if (wall_ms == 0) {
		json_null(j, key);
		return;
	}
	clock_put_utc(text, wall_ms);
	json_string(j, key, text);
}

int
moment_parse(const char *text, int64_t now_ms, int64_t *wall_ms, struct err *e)
{
	struct err own = ERR_INIT;
	struct date d;
	uint64_t ago;

	if (date_parse(&d, text, &own) == 0) {
		struct tm tm = { .tm_year = d.year - 1900,
			.tm_mon = d.month - 1,
			.tm_mday = d.day,
			.tm_hour = d.hour,
			.tm_min = d.minute,
			.tm_sec = d.second,
			.tm_isdst = -1 };

		*wall_ms = (int64_t)mktime(&tm) * 1000;
		return 0;
	}
	if (str_duration(text, &ago, &own) == 0) {
		*wall_ms = now_ms - (int64_t)ago;
		return 0;
	}
	(void)err_set(
	    e, ERR_USAGE, "'%s' is neither a date nor a duration", text);
	return err_hint(e,
	    "Write 2026-11-24, 2026-11-24T05:30, or how long ago, like 2d or "
	    "12h.");
}
