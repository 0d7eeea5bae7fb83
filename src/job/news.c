/*
 * news.c - what is told of a job besides how its runs end
 *
 * Composes the events; who hears of them is tell/tell.h's to know. The end of
 * a run is announce.c's, absence is watch.c's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "news.h"
#include "state/dirs.h"
#include "state/repair.h"
#include "tell/tell.h"

enum { TURN_MS = 60 * 1000, NAME_BYTES = 512 };

static struct tell_event
event_of(const struct news_place *p, char host[256], const struct err *error)
{
	struct tell_event event = {
		.job = p->job,
		.environment = p->environment,
		.description = spec_text(p->spec, "description"),
		.owner = spec_text(p->spec, "owner"),
		.runbook = spec_text(p->spec, "runbook"),
		.host = host,
		.error = error,
		.now_ms = clock_wall_ms(),
	};

	host[0] = '\0';
	(void)gethostname(host, 255);
	return event;
}

/* Lost runs. */

static int
take_running(void *arg, const struct run_row *row, struct err *e)
{
	struct news_lost *lost = arg;

	(void)e;
	lost->n++;
	if (lost->run != 0) /* newest first */
		return 0;
	lost->run = row->id;
	(void)snprintf(lost->date, sizeof(lost->date), "%s", row->date);
	return 0;
}

int
news_close_lost(
    const struct news_place *p, struct news_lost *lost, struct err *e)
{
	const struct run_filter filter = {
		.job = p->job,
		.environment = p->environment,
		.state = "running",
	};
	const struct run_key key = { p->job, p->environment, "", "" };

	memset(lost, 0, sizeof(*lost));
	if (ledger_each_run(p->ledger, &filter, take_running, lost, e) < 0)
		return -1;
	if (lost->run == 0)
		return 0;
	return ledger_close_lost(p->ledger, &key, e) < 0 ? -1 : 0;
}

void
news_tell_lost(
    const struct news_place *p, const struct news_lost *lost, bool is_retried)
{
	struct err why = ERR_INIT;
	char again[NAME_BYTES], host[256], more[64] = "";
	struct tell_event event;

	if (lost->n > 1)
		(void)snprintf(
		    more, sizeof(more), ", as %u before it did", lost->n - 1);
	(void)snprintf(again, sizeof(again), "odbcship run %s%s%s", p->job,
	    *p->environment != '\0' ? " --env " : "", p->environment);
	/* As the ledger says it: state/ledger.h. */
	(void)err_set(&why, ERR_INTERNAL,
	    "run %lld ended without a word: killed, or the host went down%s",
	    (long long)lost->run, more);
	(void)err_hint(&why, "Look at the system's log for the time: %s",
	    is_retried ? "was memory short? The job is run just now." :
			 "was memory short? Then run it again.");
	log_warning("%s", why.text);
	event = event_of(p, host, &why);
	event.outcome = TELL_FAILED;
	event.state = "lost";
	event.status = err_exit_status(&why);
	event.date = lost->date;
	event.run = lost->run;
	event.again = is_retried ? NULL : again;
	tell_end(p->spec, p->ledger, &event, NULL);
}

/* The ledger. */

/* The newest note that nobody was told of. */
struct untold {
	int64_t id;
	unsigned n; /* how many there are */
	struct err note;
};

static int
take_note(void *arg, const struct repair_note *note, struct err *e)
{
	struct untold *u = arg;

	(void)e;
	u->n++;
	u->id = note->id;
	(void)err_set(&u->note, ERR_LOCAL, "%s", note->text);
	return 0;
}

void
news_tell_ledger(const struct news_place *p)
{
	struct untold u = { 0, 0, ERR_INIT };
	struct tell_event event;
	struct err e = ERR_INIT;
	char host[256];

	if (repair_each_untold(p->ledger, take_note, &u, &e) < 0) {
		log_warning("%s", e.text);
		return;
	}
	if (u.n == 0)
		return;
	(void)err_hint(&u.note,
	    "It concerns all jobs of this host. 'odbcship status' shows %s for "
	    "two weeks.",
	    u.n > 1 ? "this and what was noted before it" : "it");
	event = event_of(p, host, &u.note);
	event.outcome = TELL_NOTED;
	event.state = "note";
	/* Told and then recorded: rather twice than not at all. */
	if (tell_note(p->spec, p->ledger, &event) &&
	    repair_set_told(p->ledger, u.id, &e) < 0)
		log_warning("%s", e.text);
}

/* A job's name cannot begin with a dot, so no job has this lock. */
struct lock *
news_take_turn(const char *state, const char *job, const char *environment)
{
	struct err e = ERR_INIT;
	struct lock *lock = NULL;
	char *dir = dirs_lock(state, &e);
	char *key = dirs_key(job, environment, &e);
	char name[NAME_BYTES];

	(void)snprintf(
	    name, sizeof(name), ".telling.%s", key != NULL ? key : "");
	if (dir == NULL || key == NULL ||
	    lock_take(&lock, dir, name, TURN_MS, &e) < 0)
		log_debug("telling without a turn: %s", e.text);
	free(key);
	free(dir);
	return lock;
}

static int
take_any(void *arg, const struct run_row *row, struct err *e)
{
	(void)e;
	(void)row;
	*(bool *)arg = true;
	return 0;
}

bool
news_is_mistyped(
    const struct spec_request *request, struct ledger *l, const char *job)
{
	const struct run_filter filter = { .job = job, .limit = 1 };
	struct err own = ERR_INIT;
	bool any = false;

	return !spec_is_there(request) &&
	    ledger_each_run(l, &filter, take_any, &any, &own) == 0 && !any;
}
