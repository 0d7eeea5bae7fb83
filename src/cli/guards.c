/*
 * guards.c - gates, checks and the watermark of a recorded run
 *
 * Where they come from: job/guard.h. The rest of a run is shown by
 * cmd_history.c.
 */
#include <stdio.h>

#include "base/str.h"
#include "cli/guards.h"
#include "cli/terminal.h"
#include "state/check.h"
#include "state/watermark.h"

static int
text_check(void *arg, const struct run_check *c, struct err *e)
{
	char waited[32];

	(void)arg;
	(void)e;
	printf("  %s %s  ", c->kind, c->name);
	terminal_put(stdout, c->passed ? TONE_GOOD : TONE_BAD,
	    c->passed ? "holds" : "does not hold");
	printf(": expected %s, seen %s", c->expected,
	    c->seen[0] != '\0' ? c->seen : "nothing");
	str_put_duration(waited, sizeof(waited), c->elapsed_ms);
	printf("%s%s\n", c->elapsed_ms > 0 ? ", after " : "",
	    c->elapsed_ms > 0 ? waited : "");
	return 0;
}

int
guards_put_text(struct ledger *l, int64_t run, struct err *e)
{
	struct watermark_range range = WATERMARK_RANGE_INIT;
	int rc = ledger_each_check(l, run, text_check, NULL, e);

	if (rc == 0)
		rc = watermark_of_run(l, run, &range, e);
	if (rc > 0)
		printf("  watermark %s  from '%s' to '%s'\n", range.name,
		    range.from, range.to);
	watermark_range_release(&range);
	return rc < 0 ? -1 : 0;
}

static int
json_check(void *arg, const struct run_check *c, struct err *e)
{
	struct json *j = arg;

	(void)e;
	json_begin_object(j, NULL);
	json_string(j, "kind", c->kind);
	json_string(j, "name", c->name);
	json_string(j, "expected", c->expected);
	json_string(j, "seen", c->seen);
	json_bool(j, "passed", c->passed);
	json_integer(j, "elapsed_ms", (int64_t)c->elapsed_ms);
	json_end(j);
	return 0;
}

int
guards_put_json(struct ledger *l, int64_t run, struct json *j, struct err *e)
{
	struct watermark_range range = WATERMARK_RANGE_INIT;
	int rc;

	json_begin_array(j, "checks");
	rc = ledger_each_check(l, run, json_check, j, e);
	json_end(j);
	if (rc == 0)
		rc = watermark_of_run(l, run, &range, e);
	if (rc > 0) {
		json_begin_object(j, "watermark");
		json_string(j, "name", range.name);
		json_string(j, "from", range.from);
		json_string(j, "to", range.to);
		json_end(j);
	} else
		json_null(j, "watermark");
	watermark_range_release(&range);
	return rc < 0 ? -1 : 0;
}
