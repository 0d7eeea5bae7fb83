/*
 * resend.c - ship the files of a recorded run again
 *
 * What may be sent is decided here; a run is read back by kept.c and
 * delivered by deliver.c. Nothing of it is queried again.
 */
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cancel.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "job/deliver.h"
#include "job/kept.h"
#include "job/overview.h"
#include "job/resend.h"
#include "state/check.h"
#include "state/dirs.h"
#include "state/lock.h"
#include "state/outbox.h"
#include "state/watermark.h"

enum { DECISION_MAX = 4096 };

/* A run that is being sent again. */
struct resend {
	const struct resend_options *options;
	const struct run_watch *watch;
	struct spec *spec;
	struct ledger *ledger;
	struct lock *lock;
	char *state; /* the state directory; owned */
	struct kept kept;
	bool is_loaded; /* kept is filled */
	char job[128];	/* of the run, as recorded */
	char environment[128];
	char date[DATE_TEXT];
	char run_state[16];
	char user[128];	   /* who decides */
	struct buf failed; /* checks that failed and are not named */
	unsigned n_failed; /* all that failed */
};

static void
copy_text(char *to, size_t size, const char *from)
{
	(void)snprintf(to, size, "%s", from);
}

static int
take_row(void *arg, const struct run_row *row, struct err *e)
{
	struct resend *r = arg;

	(void)e;
	copy_text(r->job, sizeof(r->job), row->job);
	copy_text(r->environment, sizeof(r->environment), row->environment);
	copy_text(r->date, sizeof(r->date), row->date);
	copy_text(r->run_state, sizeof(r->run_state), row->state);
	return 0;
}

static int
read_run(struct resend *r, struct err *e)
{
	const struct run_filter filter = { .id = r->options->run, .limit = 1 };

	if (ledger_each_run(r->ledger, &filter, take_row, r, e) < 0)
		return -1;
	if (r->job[0] != '\0')
		return 0;
	(void)err_set(
	    e, ERR_USAGE, "there is no run %" PRId64, r->options->run);
	return err_hint(e, "'odbcship history' lists the runs.");
}

static int
open_ledger(struct resend *r, struct problems *problems, struct err *e)
{
	int there;

	r->state = overview_state(r->options->main_file, problems, e);
	if (r->state == NULL)
		return -1;
	there = ledger_open_existing(&r->ledger, r->state, e);
	if (there < 0)
		return -1;
	if (there > 0)
		return read_run(r, e);
	(void)err_set(e, ERR_USAGE,
	    "there is no run %" PRId64 ": none is recorded", r->options->run);
	return err_hint(
	    e, "'odbcship --version' says where records are looked for.");
}

/* A job may have been run by the path of its spec. */
static int
check_beside(const struct resend *r, struct err *e)
{
	char *main_file = spec_main_file(r->options->main_file, e);
	struct job_entry *jobs = NULL;
	bool found = false;
	size_t n = 0;
	int rc = -1;

	if (main_file != NULL)
		rc = spec_list_jobs(main_file, &jobs, &n, e);
	for (size_t i = 0; rc == 0 && i < n; i++)
		found = found || strcmp(jobs[i].name, r->job) == 0;
	spec_free_jobs(jobs, n);
	free(main_file);
	if (rc < 0 || found)
		return rc;
	(void)err_set(e, ERR_SPEC,
	    "the spec of '%s', of which run %" PRId64
	    " is one, is not in jobs.d",
	    r->job, r->options->run);
	return err_hint(e, "Where is it? --job PATH names it.");
}

static int
load_spec(struct resend *r, struct problems *problems, struct err *e)
{
	const struct spec_request request = {
		.main_file = r->options->main_file,
		.job = r->options->spec != NULL ? r->options->spec : r->job,
		.environment = r->environment[0] != '\0' ? r->environment :
							   NULL,
	};

	if ((r->options->spec == NULL && check_beside(r, e) < 0) ||
	    spec_load(&r->spec, &request, problems, e) < 0)
		return -1;
	if (strcmp(spec_job(r->spec), r->job) == 0)
		return 0;
	(void)err_set(e, ERR_USAGE,
	    "run %" PRId64 " is one of '%s', not of "
	    "'%s'",
	    r->options->run, r->job, spec_job(r->spec));
	return err_hint(e, "--job PATH must name the spec of '%s'.", r->job);
}

static int
take_lock(struct resend *r, struct err *e)
{
	char *key = dirs_key(r->job, r->environment, e);
	char *dir = dirs_lock(r->state, e);
	uint64_t wait_ms = r->options->wait_ms >= 0 ?
	    (uint64_t)r->options->wait_ms :
	    (uint64_t)spec_number(r->spec, "limits.lock_wait");
	int rc = -1;

	if (key != NULL && dir != NULL)
		rc = lock_take(&r->lock, dir, key, wait_ms, e);
	if (rc == 0)
		lock_describe(r->lock, r->options->run);
	free(key);
	free(dir);
	return rc;
}

static bool
is_named(const struct resend *r, const char *check)
{
	for (size_t i = 0; i < r->options->n_despite; i++)
		if (strcmp(r->options->despite[i], check) == 0)
			return true;
	return false;
}

static int
take_check(void *arg, const struct run_check *c, struct err *e)
{
	struct resend *r = arg;

	if (c->passed || strcmp(c->kind, "check") != 0)
		return 0;
	r->n_failed++;
	if (is_named(r, c->name))
		return 0;
	return buf_printf(&r->failed, e, "%s'%s' (expected %s, seen %s)",
	    r->failed.length > 0 ? ", " : "", c->name, c->expected, c->seen);
}

/* What a check holds is sent only despite that check, by name. */
static int
check_held(struct resend *r, struct err *e)
{
	if (ledger_each_check(r->ledger, r->options->run, take_check, r, e) < 0)
		return -1;
	if (r->failed.length > 0) {
		(void)err_set(e, ERR_DATA,
		    "run %" PRId64 " is held: check %s failed", r->options->run,
		    buf_text(&r->failed));
		return err_hint(e,
		    "Look at the files. Where they are right all the same, add "
		    "--despite with the name of each check that failed.");
	}
	if (r->options->n_despite == 0 || r->n_failed > 0)
		return 0;
	(void)err_set(e, ERR_USAGE, "no check of run %" PRId64 " failed",
	    r->options->run);
	return err_hint(e, "Leave --despite out.");
}

/* What replaced it must not be replaced by it, unless that is meant. */
static int
check_later(struct resend *r, struct err *e)
{
	const struct run_key key = { r->job, r->environment, r->date, "" };
	int64_t later = 0;
	int rc = ledger_find_shipped(r->ledger, &key, &later, e);

	if (rc <= 0 || later <= r->options->run || r->options->force)
		return rc < 0 ? -1 : 0;
	(void)err_set(e, ERR_DATA,
	    "run %" PRId64 " was shipped for %s after run %" PRId64, later,
	    r->date, r->options->run);
	return err_hint(e,
	    "'odbcship resend %" PRId64 "' sends that one; --force sends this "
	    "older one in its place.",
	    later);
}

/* Rows that a later run has shipped as well would come twice. */
static int
check_range(struct resend *r, struct err *e)
{
	const struct run_key key = { r->job, r->environment, r->date, "" };
	struct watermark_range range = WATERMARK_RANGE_INIT;
	char *value = NULL;
	int rc;

	if (strcmp(r->run_state, "shipped") == 0)
		return 0;
	rc = watermark_of_run(r->ledger, r->options->run, &range, e);
	if (rc > 0)
		rc = watermark_value(r->ledger, &key, range.name, &value, e);
	if (rc > 0 && strcmp(value, range.from) != 0 && !r->options->force) {
		(void)err_set(e, ERR_DATA,
		    "the rows of run %" PRId64
		    " begin behind '%s', and rows up to '%s' were shipped "
		    "since",
		    r->options->run, range.from, value);
		rc = err_hint(e,
		    "Its rows are in a later file. --force sends them once "
		    "more.");
	}
	watermark_range_release(&range);
	free(value);
	return rc < 0 ? -1 : 0;
}

static int
check_target(const struct resend *r, struct err *e)
{
	const struct plan *p = r->kept.plan;
	const char *target = r->options->target;

	for (size_t i = 0; target != NULL && i < p->n_targets; i++)
		if (strcmp(p->targets[i].target.name, target) == 0)
			target = NULL;
	if (target == NULL)
		return 0;
	(void)err_set(e, ERR_USAGE, "the job has no target '%s'", target);
	return err_hint(e, "'odbcship show %s' lists its targets.", r->job);
}

static bool
is_anything_owed(const struct run_outcome *o)
{
	for (size_t i = 0; i < o->n_deliveries; i++)
		if (!o->deliveries[i].is_before)
			return true;
	return false;
}

static int
load(struct resend *r, bool is_again, struct err *e)
{
	const struct kept_request request = {
		.spec = r->spec,
		.ledger = r->ledger,
		.run = r->options->run,
		.date = r->date,
		.is_again = is_again,
		.only = r->options->target,
	};

	if (r->is_loaded)
		kept_release(&r->kept);
	r->is_loaded = true;
	return kept_load(&r->kept, &request, e);
}

/* What is owed; when nothing is, or a target is named, all of it again. */
static int
load_files(struct resend *r, struct err *e)
{
	bool is_again = r->options->target != NULL;

	if (load(r, is_again, e) < 0)
		return -1;
	if (!is_again && !is_anything_owed(&r->kept.outcome) &&
	    load(r, true, e) < 0)
		return -1;
	if (check_target(r, e) < 0)
		return -1;
	if (r->kept.outcome.n_deliveries > 0)
		return 0;
	(void)err_set(e, ERR_DATA, "run %" PRId64 " has no files to send",
	    r->options->run);
	return err_hint(e, "It ended as '%s'.", r->run_state);
}

/* What was never ordered is from here on owed like that of any run. */
static int
order(const struct resend *r, struct err *e)
{
	const struct run_outcome *o = &r->kept.outcome;
	const char *last = NULL;

	if (r->options->gives_up)
		return 0;
	if (strcmp(r->run_state, "held") != 0 &&
	    strcmp(r->run_state, "kept") != 0)
		return 0;
	for (size_t i = 0; i < o->n_deliveries; i++) {
		const char *target = o->deliveries[i].target;

		if (last != NULL && strcmp(last, target) == 0)
			continue;
		last = target;
		if (outbox_order(r->ledger, r->options->run, &target, 1, e) < 0)
			return -1;
	}
	return 0;
}

static int
put_decision(const struct resend *r, struct buf *text, struct err *e)
{
	const struct resend_options *o = r->options;

	const char *what = o->gives_up ? "gave it up" :
	    o->is_there		       ? "said that it is there" :
					 "sent it";

	if (buf_puts(text, what, e) < 0 ||
	    (o->target != NULL &&
		buf_printf(text, e, ", target '%s'", o->target) < 0))
		return -1;
	for (size_t i = 0; i < o->n_despite; i++)
		if (buf_printf(text, e, ", despite check '%s'", o->despite[i]) <
		    0)
			return -1;
	return o->force ? buf_puts(text, ", by force", e) : 0;
}

/* Recorded with its orders, before anything is sent. */
static int
record(void *arg, struct err *e)
{
	struct resend *r = arg;
	struct buf text = BUF_INIT(DECISION_MAX);
	int rc = put_decision(r, &text, e);
	char who[512];

	(void)snprintf(
	    who, sizeof(who), "%s on %s", r->user, r->kept.plan->host);

	if (rc == 0)
		rc = outbox_decide(
		    r->ledger, r->options->run, who, buf_text(&text), e);
	if (rc == 0)
		rc = order(r, e);
	if (rc == 0)
		log_info("run %" PRId64 ": %s by %s", r->options->run,
		    buf_text(&text), r->user);
	buf_release(&text);
	return rc;
}

static int
send_files(struct resend *r, struct err *e)
{
	struct consignment list = { r->kept.plan, &r->kept.outcome };
	char by[160];
	const struct delivery_order order = {
		.ledger = r->ledger,
		.watch = r->watch,
		.by = by,
		.checks_content = true,
	};

	(void)snprintf(by, sizeof(by), "resend by %s", r->user);
	return deliver_all(&order, &list, 1, e);
}

/* A person saw it there: that is what is recorded, and nothing is sent. */
static int
mark_files(struct resend *r, struct err *e)
{
	struct run_outcome *o = &r->kept.outcome;

	for (size_t i = 0; i < o->n_deliveries; i++) {
		struct run_delivery_outcome *d = &o->deliveries[i];
		const struct run_delivery row = {
			.target = d->target,
			.url = d->receipt.url,
			.name = d->file->name,
			.state = "delivered",
			.stage = ship_stage_name(SHIP_PUBLISHED),
			.verified = "by eye",
			.by = r->user,
			.bytes = d->file->bytes,
		};

		if (outbox_begin(r->ledger, d->file->id, &row, &d->row, e) < 0)
			return -1;
		d->receipt.stage = SHIP_PUBLISHED;
		d->is_tried = true;
	}
	return 0;
}

/* It stays in the spool as long as others, and nothing is done about it. */
static int
give_up(struct resend *r, struct err *e)
{
	if (outbox_close(r->ledger, r->options->run, r->options->target,
		"dropped", e) < 0)
		return -1;
	for (size_t i = 0; i < r->kept.outcome.n_deliveries; i++)
		free(r->kept.outcome.deliveries[i].target);
	r->kept.outcome.n_deliveries = 0;
	return 0;
}

/* The rest of the run may be owed still: that is the next run's business. */
static int
settle(struct resend *r, struct err *e)
{
	int rc = kept_settle(&r->kept, r->ledger, e);

	if (rc > 0) {
		log_info("run %" PRId64 " is not delivered everywhere yet",
		    r->options->run);
		r->kept.outcome.state = RUN_SHIPPED;
	}
	return rc < 0 ? -1 : 0;
}

static int
check_usage(const struct resend *r, struct err *e)
{
	if (!r->options->is_there || r->options->target != NULL)
		return 0;
	(void)err_set(e, ERR_USAGE, "--mark-delivered needs a target");
	return err_hint(e,
	    "As in: odbcship resend 12 partner "
	    "--mark-delivered");
}

static int
story(struct resend *r, struct problems *problems, struct err *e)
{
	const struct passwd *p = getpwuid(geteuid());

	copy_text(r->user, sizeof(r->user), p != NULL ? p->pw_name : "?");
	if (check_usage(r, e) < 0 || open_ledger(r, problems, e) < 0 ||
	    load_spec(r, problems, e) < 0 || take_lock(r, e) < 0)
		return -1;
	log_context(r->job, r->environment, r->options->run);
	/* Before it was locked, it may have run. */
	if (read_run(r, e) < 0 ||
	    (!r->options->gives_up &&
		(check_held(r, e) < 0 || check_later(r, e) < 0 ||
		    check_range(r, e) < 0)) ||
	    load_files(r, e) < 0)
		return -1;
	if (r->kept.plan->runtime_ms > 0)
		cancel_set_deadline(
		    clock_monotonic_ms() + r->kept.plan->runtime_ms,
		    r->kept.plan->runtime_ms);
	if (ledger_atomically(r->ledger, record, r, e) < 0)
		return -1;
	if (r->options->gives_up)
		return give_up(r, e);
	if ((r->options->is_there ? mark_files(r, e) : send_files(r, e)) < 0)
		return -1;
	return settle(r, e);
}

int
resend_run(const struct resend_options *options, const struct run_watch *watch,
    struct run_outcome *outcome, struct err *e)
{
	struct resend r = {
		.options = options,
		.watch = watch,
		.failed = BUF_INIT(DECISION_MAX),
	};
	uint64_t began = clock_monotonic_ms();
	struct problems problems = PROBLEMS_INIT;
	int rc = story(&r, &problems, e);

	if (r.is_loaded) {
		problems_release(&r.kept.outcome.problems);
		*outcome = r.kept.outcome;
		r.kept.outcome = (struct run_outcome){ .run = 0 };
		kept_release(&r.kept);
	} else {
		memset(outcome, 0, sizeof(*outcome));
		copy_text(outcome->job, sizeof(outcome->job), r.job);
		copy_text(outcome->environment, sizeof(outcome->environment),
		    r.environment);
		copy_text(outcome->date, sizeof(outcome->date), r.date);
		outcome->run = r.job[0] != '\0' ? options->run : 0;
	}
	outcome->problems = problems;
	if (rc < 0)
		outcome->state = RUN_FAILED;
	outcome->elapsed_ms = clock_monotonic_ms() - began;
	cancel_set_deadline(0, 0);
	lock_free(r.lock);
	ledger_free(r.ledger);
	spec_free(r.spec);
	free(r.state);
	buf_release(&r.failed);
	log_context(NULL, NULL, 0);
	log_forget();
	return rc;
}
