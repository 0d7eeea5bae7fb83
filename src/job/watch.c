/*
 * watch.c - tell of what no run can tell
 *
 * How a job stands is found by overview.c; whether somebody wants to hear it,
 * and heard it already, is tell/tell.h's to know.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "job/watch.h"
#include "news.h"
#include "state/dirs.h"
#include "state/lock.h"
#include "tell/metrics.h"
#include "tell/tell.h"

enum { WATCH_TEXT = 1024 };

/* What an event of a job that did not run says of it. */
struct texts {
	char host[256];
	char again[WATCH_TEXT];
};

static struct tell_event
event_of(const struct job_view *v, struct texts *t, const struct err *error)
{
	struct tell_event event = {
		.job = v->job,
		.environment = v->environment,
		.description = v->description,
		.owner = v->owner,
		.runbook = v->runbook,
		.host = t->host,
		.error = error,
		.again = t->again,
		.now_ms = clock_wall_ms(),
	};

	t->host[0] = '\0';
	(void)gethostname(t->host, sizeof(t->host) - 1);
	(void)snprintf(t->again, sizeof(t->again), "odbcship run %s%s%s",
	    v->job, v->environment[0] != '\0' ? " --env " : "", v->environment);
	return event;
}

static void
tell_late(const struct watch_place *place, const struct job_view *v,
    const struct spec *spec)
{
	char due[CLOCK_TEXT];
	struct err why = ERR_INIT;
	struct texts texts;
	struct tell_event event;

	clock_put_utc(due, v->late_ms);
	if (v->last.id != 0 && v->last.status < 0 && !v->is_gone)
		(void)err_set(&why, ERR_NOT_NOW,
		    "run %lld still runs, and the logical date %s was due at "
		    "%s",
		    (long long)v->last.id, v->late_date, due);
	else
		(void)err_set(&why, ERR_NOT_NOW,
		    "no run ended well for the logical date %s, which was due "
		    "at %s",
		    v->late_date, due);
	(void)err_hint(&why,
	    "Does cron or the timer start it? 'odbcship status %s' shows how "
	    "it stands, 'odbcship run --due %s' makes up for what is missing.",
	    v->job, v->job);
	event = event_of(v, &texts, &why);
	event.outcome = TELL_LATE;
	event.state = "late";
	event.date = v->late_date;
	event.run = v->last.id;
	event.expected_ms = v->late_ms;
	tell_end(spec, place->ledger, &event, NULL);
}

/* With the lock held nobody runs: who says so was killed. */
static int
close_lost(const struct watch_place *place, const struct news_place *news,
    struct news_lost *lost, struct err *e)
{
	char *dir = dirs_lock(place->state, e);
	char *name = dirs_key(news->job, news->environment, e);
	struct lock *lock = NULL;
	int rc = -1;

	if (dir != NULL && name != NULL)
		rc = lock_take(&lock, dir, name, 0, e);
	if (rc == 0)
		rc = news_close_lost(news, lost, e);
	lock_free(lock);
	free(name);
	free(dir);
	return rc;
}

/* Whether a failure was told. */
static bool
tell_lost(const struct watch_place *place, const struct news_place *news)
{
	struct news_lost lost = { 0 };
	struct err e = ERR_INIT;

	if (close_lost(place, news, &lost, &e) < 0 && e.class != ERR_NOT_NOW)
		log_warning("%s: %s", news->job, e.text);
	if (lost.run == 0) /* it is running again */
		return false;
	news_tell_lost(news, &lost, false);
	return true;
}

/* Absence, for a monitoring system that asks nobody. */
static void
write_metrics(const struct job_view *v, const struct spec *spec)
{
	const struct value *at = spec_value(spec, "metrics.directory");
	const struct metrics_absence absence = { v->job, v->environment,
		v->late_ms, v->missed, clock_wall_ms() };
	struct err e = ERR_INIT;
	char *directory;

	if (at->text == NULL)
		return;
	directory = spec_resolve(at, &e);
	if (directory == NULL ||
	    metrics_write_absence(directory, &absence, &e) < 0)
		log_warning("%s: %s", v->job, e.text);
	free(directory);
}

void
watch_job(const struct watch_place *place, const struct job_view *v,
    const struct spec *spec)
{
	const struct news_place news = { spec, place->ledger, v->job,
		v->environment };
	struct lock *turn = news_take_turn(
	    place->state, v->job, v->environment);

	write_metrics(v, spec);
	news_tell_ledger(&news);
	/* Whatever is told, what is pending is tried with it. */
	if (!v->is_gone || !tell_lost(place, &news)) {
		if (v->late_ms > 0)
			tell_late(place, v, spec);
		else
			tell_pending(spec, place->ledger);
	}
	lock_free(turn);
}
