/*
 * due.c - which logical dates of a schedule have no run that ended well
 *
 * Walks over the expected times and asks the ledger for each; a date that is
 * expected twice (clocks set back) is asked once. Running them is the
 * command's (cli/cmd_run.c), telling of them overview.c's.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "job/due.h"
#include "state/dirs.h"
#include "state/standing.h"

enum { DUE_MAX = 5000 };
/* How far back where limits.keep is without end: a year. */
#define BACK_MS (INT64_C(366) * 24 * 60 * 60 * 1000)

int
expect_from(struct expectation *x, const struct spec *s, struct err *e)
{
	const char *text = spec_text(s, "schedule.cron");

	memset(x, 0, sizeof(*x));
	x->zone = spec_text(s, "timezone");
	x->grace_ms = spec_number(s, "schedule.grace");
	x->back_ms = spec_number(s, "limits.keep");
	if (x->back_ms == 0)
		x->back_ms = BACK_MS;
	if (text == NULL || *text == '\0')
		return 0;
	x->is_set = true;
	return schedule_parse(&x->schedule, text, e);
}

static int
add(struct due_list *list, int64_t expected_ms, const char *date, struct err *e)
{
	struct due *items = realloc(
	    list->items, (list->n + 1) * sizeof(*items));

	if (items == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	list->items = items;
	items[list->n].expected_ms = expected_ms;
	memcpy(items[list->n].date, date, DATE_TEXT);
	list->n++;
	return 0;
}

/*
 * After which time what is expected counts: that of the first run is the
 * last expected time before it, so that its own date is among them.
 */
static int
find_begin(const struct expectation *x, int64_t first_ms, int64_t until_ms,
    int64_t *begin_ms, struct err *e)
{
	int64_t at = first_ms;
	int rc = schedule_before(&x->schedule, x->zone, at, &at, e);

	if (rc < 0)
		return -1;
	*begin_ms = rc > 0 ? at - 1 : first_ms;
	if (*begin_ms < until_ms - x->back_ms)
		*begin_ms = until_ms - x->back_ms;
	return 0;
}

/* One expected time: add its date unless it was done or is there already. */
static int
consider(const struct due_question *q, int64_t at, struct due_list *list,
    struct err *e)
{
	const struct expectation *x = q->expected;
	struct run_key key = q->key;
	char text[DATE_TEXT] = "";
	struct date date;
	int rc = 0;

	if (schedule_date(&x->schedule, x->zone, at, &date, e) < 0)
		return -1;
	date_put(text, &date);
	if (list->n > 0 && strcmp(list->items[list->n - 1].date, text) == 0)
		return 0;
	key.date = text;
	if (q->ledger != NULL)
		rc = standing_is_done(q->ledger, &key, e);
	return rc == 0 ? add(list, at, text, e) : rc < 0 ? -1 : 0;
}

/* All expected times after one. */
static int
walk(const struct due_question *q, int64_t at, struct due_list *list,
    struct err *e)
{
	const struct expectation *x = q->expected;
	int rc;

	while ((rc = schedule_after(&x->schedule, x->zone, at, &at, e)) > 0 &&
	    at <= q->until_ms) {
		if (list->n == DUE_MAX) {
			list->is_cut = true;
			return 0;
		}
		if (consider(q, at, list, e) < 0)
			return -1;
	}
	return rc < 0 ? -1 : 0;
}

int
due_find(const struct due_question *q, struct due_list *list, struct err *e)
{
	struct standing standing = { 0 };
	int64_t begin_ms = q->since_ms, first_ms;

	if (!q->expected->is_set)
		return 0;
	if (q->ledger != NULL &&
	    standing_get(q->ledger, &q->key, &standing, e) < 0)
		return -1;
	first_ms = standing.first_ms > 0 ? standing.first_ms : q->until_ms;
	/* Never run: what came before since_ms could not have been. */
	if ((standing.first_ms > 0 || begin_ms == 0) &&
	    find_begin(q->expected, first_ms, q->until_ms, &begin_ms, e) < 0)
		return -1;
	return walk(q, begin_ms, list, e);
}

/* With the spec at hand. */
static int
find_of_spec(const struct spec *spec, struct due_list *list, struct err *e)
{
	struct expectation x;
	struct due_question q = {
		.key = { spec_job(spec), spec_environment(spec), "", "" },
		.expected = &x,
		.until_ms = clock_wall_ms(),
	};
	char *state;
	int rc = -1;

	if (expect_from(&x, spec, e) < 0)
		return -1;
	if (!x.is_set) {
		(void)err_set(e, ERR_SPEC,
		    "no schedule says when '%s' is expected, so nothing can "
		    "be missing",
		    spec_job(spec));
		return err_hint(e,
		    "Set schedule = { cron = \"...\"; } in the job spec, or "
		    "run it without --due.");
	}
	state = dirs_state(spec_text(spec, "state"), e);
	if (state != NULL && ledger_open_existing(&q.ledger, state, e) >= 0)
		rc = due_find(&q, list, e);
	ledger_free(q.ledger);
	free(state);
	return rc;
}

int
due_of_job(const struct spec_request *request, struct due_list *list,
    struct problems *problems, struct err *e)
{
	struct spec *spec = NULL;
	int rc = spec_load(&spec, request, problems, e);

	if (rc == 0)
		rc = find_of_spec(spec, list, e);
	spec_free(spec);
	return rc;
}

void
due_release(struct due_list *list)
{
	free(list->items);
	*list = (struct due_list)DUE_LIST_INIT;
}
