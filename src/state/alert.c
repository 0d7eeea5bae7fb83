/*
 * alert.c - what was told to whom, in the ledger
 *
 * Only the record; what is told when is decided by tell/tell.h.
 */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "state/alert.h"
#include "state/db.h"
#include "state/ledger_private.h"

/* A text of the current row, NULL for an empty one. */
static int
take_text(const struct query *q, int column, char **text, struct err *e)
{
	const char *value = query_text(q, column);

	*text = NULL;
	if (*value == '\0')
		return 0;
	*text = str_dup(value);
	return *text != NULL ? 0 : err_set(e, ERR_INTERNAL, "out of memory");
}

static int
take_row(const struct query *q, struct alert *a, struct err *e)
{
	a->broken_ms = query_integer(q, 0);
	a->failures = query_integer(q, 1);
	a->told_ms = query_integer(q, 2);
	a->late_ms = query_integer(q, 3);
	a->pending_ms = query_integer(q, 4);
	a->attempts = query_integer(q, 5);
	if (take_text(q, 6, &a->pending, e) < 0 ||
	    take_text(q, 7, &a->subject, e) < 0 ||
	    take_text(q, 8, &a->text, e) < 0 ||
	    take_text(q, 9, &a->json, e) < 0)
		return -1;
	return 0;
}

int
alert_load(struct ledger *l, const struct alert_key *key, struct alert *a,
    struct err *e)
{
	struct query q;
	int more;

	memset(a, 0, sizeof(*a));
	query_begin(&q, l->db,
	    "SELECT broken_ms, failures, told_ms, late_ms, pending_ms,"
	    " attempts, pending, subject, text, json FROM alert"
	    " WHERE job = ? AND environment = ? AND entry = ?");
	query_put_text(&q, key->job);
	query_put_text(&q, key->environment);
	query_put_text(&q, key->entry);
	more = query_next(&q, "read who was told", e);
	if (more > 0)
		more = take_row(&q, a, e);
	query_end(&q);
	if (more < 0)
		alert_release(a);
	return more < 0 ? -1 : 0;
}

int
alert_save(struct ledger *l, const struct alert_key *key, const struct alert *a,
    struct err *e)
{
	struct query q;

	query_begin(&q, l->db,
	    "INSERT OR REPLACE INTO alert (job, environment, entry,"
	    " broken_ms, failures, told_ms, late_ms, pending_ms, attempts,"
	    " pending, subject, text, json)"
	    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
	query_put_text(&q, key->job);
	query_put_text(&q, key->environment);
	query_put_text(&q, key->entry);
	query_put_integer(&q, a->broken_ms);
	query_put_integer(&q, a->failures);
	query_put_integer(&q, a->told_ms);
	query_put_integer(&q, a->late_ms);
	query_put_integer(&q, a->pending_ms);
	query_put_integer(&q, a->attempts);
	query_put_text(&q, a->pending);
	query_put_text(&q, a->subject);
	query_put_text(&q, a->text);
	query_put_text(&q, a->json);
	return query_run(&q, "record who was told", e);
}

void
alert_drop_pending(struct alert *a)
{
	free(a->pending);
	free(a->subject);
	free(a->text);
	free(a->json);
	a->pending = a->subject = a->text = a->json = NULL;
	a->pending_ms = a->attempts = 0;
}

void
alert_release(struct alert *a)
{
	alert_drop_pending(a);
	memset(a, 0, sizeof(*a));
}
