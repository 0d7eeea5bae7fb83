/*
 * run.c - the story of a run
 *
 * Load the spec, plan, lock, finish what earlier runs left, look whether it
 * was done already, export, record, ship. Each stage is one function; what a
 * stage does in detail lives with plan.c, earlier.c, export.c, record.c,
 * deliver.c and the state room.
 */
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/str.h"
#include "job/announce.h"
#include "job/check.h"
#include "job/deliver.h"
#include "job/earlier.h"
#include "job/environment.h"
#include "job/news.h"
#include "job/plan.h"
#include "job/prune.h"
#include "job/record.h"
#include "job/run.h"
#include "job/sidefile.h"
#include "job/watermark.h"
#include "state/dirs.h"
#include "state/ledger.h"
#include "state/ledger_environment.h"
#include "state/lock.h"
#include "state/outbox.h"
#include "state/repair.h"
#include "state/standing.h"

/* A run while it runs. */
struct run {
	const struct run_options *options;
	const struct run_watch *watch;
	struct run_outcome *outcome;
	struct spec *spec;
	struct plan *plan;
	char *state; /* state directory */
	char *key;   /* "job.environment" */
	char *spool; /* spool directory of this run */
	struct ledger *ledger;
	struct lock *lock;
	uint64_t began_ms;	/* monotonic */
	bool skipped;		/* another run holds the lock */
	struct earlier earlier; /* what earlier runs left */
	bool unknown;		/* there never was such a job */
	struct tell_started started;
	char gate[GUARD_TEXT]; /* what was last logged of a gate */
};

static void
copy_text(char *to, size_t size, const char *from)
{
	(void)snprintf(to, size, "%s", from != NULL ? from : "");
}

static struct run_key
run_key(const struct run *r)
{
	struct run_key key = {
		.job = r->outcome->job,
		.environment = r->outcome->environment,
		.date = r->outcome->date,
		.shard = "",
	};

	return key;
}

static void
tell_stage(const struct run *r, const char *text)
{
	if (r->watch->stage != NULL)
		r->watch->stage(r->watch->arg, text);
}

/* What the outcome says of the job, as far as it is known. */
static void
name_job(struct run *r)
{
	struct run_outcome *o = r->outcome;

	if (r->spec == NULL) {
		copy_text(o->job, sizeof(o->job), r->options->spec.job);
		return;
	}
	copy_text(o->job, sizeof(o->job), spec_job(r->spec));
	copy_text(
	    o->environment, sizeof(o->environment), spec_environment(r->spec));
	copy_text(o->owner, sizeof(o->owner), spec_text(r->spec, "owner"));
	copy_text(
	    o->runbook, sizeof(o->runbook), spec_text(r->spec, "runbook"));
}

static int
make_plan(struct run *r, struct err *e)
{
	const struct plan_options options = {
		.date = r->options->date,
		.with_secrets = true,
		.with_targets = true,
	};
	int rc = spec_load(
	    &r->spec, &r->options->spec, &r->outcome->problems, e);

	name_job(r);
	if (rc < 0 ||
	    plan_build(&r->plan, r->spec, &options, &r->outcome->problems, e) <
		0)
		return -1;
	copy_text(
	    r->outcome->date, sizeof(r->outcome->date), r->plan->date_text);
	return 0;
}

static int
open_state(struct run *r, struct err *e)
{
	const char *setting = r->spec != NULL ? spec_text(r->spec, "state") :
						NULL;

	if (r->ledger != NULL)
		return 0;
	r->state = dirs_state(setting, e);
	if (r->state == NULL || dirs_make(r->state, e) < 0)
		return -1;
	return repair_open(&r->ledger, r->state, e);
}

static int
take_lock(struct run *r, struct err *e)
{
	uint64_t wait_ms = r->options->wait_ms >= 0 ?
	    (uint64_t)r->options->wait_ms :
	    r->plan->lock_wait_ms;
	char *dir = dirs_lock(r->state, e);
	int rc = -1;

	r->key = dirs_key(r->outcome->job, r->outcome->environment, e);
	if (dir != NULL && r->key != NULL)
		rc = lock_take(&r->lock, dir, r->key, wait_ms, e);
	free(dir);
	return rc;
}

/* What a killed run left, now that the lock proves that it is dead. */
static int
close_lost(struct run *r, const struct run_key *key, struct err *e)
{
	const struct news_place news = { r->spec, r->ledger, key->job,
		key->environment };
	struct news_lost lost;
	struct lock *turn;

	if (news_close_lost(&news, &lost, e) < 0)
		return -1;
	if (lost.run == 0)
		return 0;
	prune_lost(&(const struct prune_request){
	    .ledger = r->ledger, .state = r->state, .key = r->key });
	turn = news_take_turn(r->state, key->job, key->environment);
	news_tell_lost(&news, &lost, true);
	lock_free(turn);
	return 0;
}

/* What the outcome says of earlier runs. */
static int
name_earlier(struct run *r, struct err *e)
{
	struct run_outcome *o = r->outcome;

	o->earlier = calloc(r->earlier.n + 1, sizeof(*o->earlier));
	if (o->earlier == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	for (size_t i = 0; i < r->earlier.n; i++) {
		const struct earlier_item *item = &r->earlier.items[i];
		struct run_earlier *to = &o->earlier[o->n_earlier++];

		to->run = item->run;
		memcpy(to->date, item->date, sizeof(to->date));
		to->error = item->error;
		to->is_given_up = item->is_given_up;
	}
	return 0;
}

/* The run of this date was written before, and is what this one comes to. */
static void
become(struct run *r, struct earlier_item *item)
{
	struct run_outcome *o = r->outcome, *was = &item->kept.outcome;

	o->run = item->run;
	if (!item->is_loaded) /* its plan could not be made */
		return;
	o->state = was->state;
	o->result = was->result;
	o->files = was->files;
	o->n_files = was->n_files;
	o->deliveries = was->deliveries;
	o->n_deliveries = was->n_deliveries;
	was->result = (struct export_result)EXPORT_RESULT_INIT;
	was->files = NULL;
	was->deliveries = NULL;
	was->n_files = was->n_deliveries = 0;
}

/*
 * Deliver what earlier runs left: 1 when the run of this date was among it,
 * so that there is nothing else to do.
 */
static int
finish_earlier(struct run *r, struct err *e)
{
	const struct earlier_request request = {
		.spec = r->spec,
		.plan = r->plan,
		.ledger = r->ledger,
		.watch = r->watch,
		.key = run_key(r),
		.skips_key = r->options->force,
	};
	struct earlier_item *own;

	if (r->options->no_ship)
		return 0;
	if (earlier_finish(&r->earlier, &request, e) < 0 ||
	    name_earlier(r, e) < 0)
		return -1;
	own = earlier_find(&r->earlier, r->outcome->date);
	if (own == NULL || own->is_given_up)
		return cancel_check(e);
	become(r, own);
	if (own->error.class == ERR_NONE)
		return 1;
	*e = own->error;
	return 1;
}

/* Rows beyond a range that is not delivered cannot be told from its own. */
static int
check_range(struct run *r, struct err *e)
{
	const struct run_key key = run_key(r);
	struct outbox_sum sum;

	if (r->plan->guards.watermark.name == NULL || r->options->no_ship)
		return 0;
	if (outbox_count(r->ledger, &key, &sum, e) < 0)
		return -1;
	if (sum.deliveries + sum.unknown == 0 || r->options->force)
		return 0;
	(void)err_set(e, sum.unknown > 0 ? ERR_TARGET : ERR_NOT_NOW,
	    "run %lld is not delivered everywhere yet, and the rows of this "
	    "one begin where it ends",
	    (long long)sum.first);
	return err_hint(e,
	    "Once it is delivered ('odbcship history %lld' says what is "
	    "missing), the next run exports all rows since.",
	    (long long)sum.first);
}

/* A file that may be there must not be made again. */
static int
check_unknown(struct run *r, struct err *e)
{
	const struct run_key key = run_key(r);
	int64_t run = 0;
	char target[256];
	int rc = outbox_find_unknown(r->ledger, &key, &run, target, e);

	if (rc <= 0 || r->options->force || r->options->no_ship)
		return rc < 0 ? -1 : 0;
	(void)err_set(e, ERR_TARGET,
	    "whether '%s' has the files of run %lld is not known", target,
	    (long long)run);
	return err_hint(e,
	    "Look there; then 'odbcship resend %lld %s' sends them again, and "
	    "with --mark-delivered says that they are there.",
	    (long long)run, target);
}

/* 1 when this logical date was shipped already and --force was not given. */
static int
was_shipped(struct run *r, struct err *e)
{
	struct run_key key = run_key(r);
	int rc;

	if (r->options->force)
		return 0;
	rc = ledger_find_shipped(r->ledger, &key, &r->outcome->shipped_run, e);
	if (rc > 0)
		log_info("'%s' for %s was shipped already, by run %lld: "
			 "nothing is done",
		    key.job, key.date, (long long)r->outcome->shipped_run);
	return rc;
}

static const char *
user_name(void)
{
	const struct passwd *p = getpwuid(geteuid());

	return p != NULL ? p->pw_name : "";
}

/* A record that cannot be made is no reason not to run. */
static void
record_environment(struct run *r)
{
	const struct environment_request request = {
		.source = r->plan != NULL ? &r->plan->session : NULL,
	};
	struct buf text = BUF_INIT(ENVIRONMENT_MAX);
	struct err e = ERR_INIT;

	if (environment_take(&text, &request, &e) < 0 ||
	    ledger_put_environment(
		r->ledger, r->outcome->run, buf_text(&text), &e) < 0)
		log_warning("the environment is not recorded: %s", e.text);
	buf_release(&text);
}

/* What is otherwise than when it worked, for whoever looks for the cause. */
static void
note_difference(struct run *r)
{
	struct buf text = BUF_INIT(ENVIRONMENT_MAX);
	struct err e = ERR_INIT;

	if (environment_put_difference(r->ledger, r->outcome->run, &text, &e) <
	    0)
		log_warning("%s", e.text);
	else
		r->outcome->difference = buf_take(&text);
	buf_release(&text);
}

static int
begin_run(struct run *r, struct err *e)
{
	const char *dsn = r->plan != NULL ? r->plan->session.dsn : NULL;
	struct run_start start = {
		.key = run_key(r),
		.dsn = dsn != NULL ? dsn : "",
		.user = user_name(),
		.host = r->plan != NULL ? r->plan->host : "",
		.version = PACKAGE_VERSION,
		.forced = r->options->force,
	};

	if (ledger_begin_run(r->ledger, &start, &r->outcome->run, e) < 0)
		return -1;
	if (r->lock != NULL)
		lock_describe(r->lock, r->outcome->run);
	record_environment(r);
	log_context(start.key.job, start.key.environment, r->outcome->run);
	log_context_date(start.key.date);
	log_info("run %lld of '%s' for %s begins", (long long)r->outcome->run,
	    start.key.job, start.key.date);
	return 0;
}

static void
on_connected(void *arg, const struct session_info *info)
{
	const struct run *r = arg;
	struct err e = ERR_INIT;
	char dbms[160], driver[160];

	(void)snprintf(
	    dbms, sizeof(dbms), "%s %s", info->dbms, info->dbms_version);
	(void)snprintf(driver, sizeof(driver), "%s %s", info->driver,
	    info->driver_version);
	log_info("connected to %s with %s", dbms, driver);
	if (info->is_buffered)
		log_info("this driver holds a whole result in memory, about "
			 "its size and a fifth: see limits.memory");
	if (ledger_set_connection(
		r->ledger, r->outcome->run, dbms, driver, &e) < 0)
		log_warning("%s", e.text);
}

static void
on_began(void *arg, const struct export_statement *s)
{
	char text[256];

	(void)snprintf(text, sizeof(text), "statement %u (%s:%u) %s", s->index,
	    s->source, s->line, s->word);
	tell_stage(arg, text);
}

/* Wall time may have been set back meanwhile. */
static uint64_t
since(int64_t began_ms)
{
	int64_t now = clock_wall_ms();

	return now > began_ms ? (uint64_t)(now - began_ms) : 0;
}

static void
on_ended(void *arg, const struct export_statement *s, const struct err *error)
{
	const struct run *r = arg;
	struct run_statement row = {
		.index = s->index,
		.line = s->line,
		.source = s->source,
		.name = s->name[0] != '\0' ? s->name : NULL,
		.word = s->word,
		.began_ms = s->began_ms,
		.elapsed_ms = s->in_doubt ? since(s->began_ms) : s->elapsed_ms,
		.rows = s->rows,
		.results = s->results,
		.error = error,
	};
	struct err e = ERR_INIT;
	char elapsed[32];

	if (ledger_put_statement(r->ledger, r->outcome->run, &row, &e) < 0)
		log_warning("%s", e.text);
	if (error != NULL)
		return;
	str_put_duration(elapsed, sizeof(elapsed), s->elapsed_ms);
	if (s->rows >= 0)
		log_info("statement %u (%s:%u) %s: %lld rows in %s", s->index,
		    s->source, s->line, s->word, (long long)s->rows, elapsed);
	else /* not every driver counts */
		log_info("statement %u (%s:%u) %s: done in %s", s->index,
		    s->source, s->line, s->word, elapsed);
}

static void
on_gate(void *arg, const struct guard_result *gate)
{
	struct run *r = arg;
	char text[512];

	check_tell_gate(gate, r->gate, text, sizeof(text));
	tell_stage(r, text);
}

static void
on_progress(void *arg, uint64_t rows, uint64_t bytes)
{
	const struct run *r = arg;

	if (r->watch->rows != NULL)
		r->watch->rows(r->watch->arg, rows, bytes);
}

static void
on_tick(void *arg)
{
	const struct run *r = arg;

	if (r->watch->tick != NULL)
		r->watch->tick(r->watch->arg);
}

static void
tell_file(const struct export_file *f)
{
	if (f->skipped) {
		log_info("'%s' has no rows and is skipped", f->name);
		return;
	}
	log_info("'%s' is written: %llu rows, %llu bytes, SHA-256 %s", f->name,
	    (unsigned long long)f->rows, (unsigned long long)f->bytes,
	    f->sha256);
	export_tell_changes(f->name, &f->changes);
}

static int
export_files(struct run *r, struct err *e)
{
	const struct export_watch watch = {
		.arg = r,
		.connected = on_connected,
		.began = on_began,
		.ended = on_ended,
		.gate = on_gate,
		.progress = on_progress,
		.tick = on_tick,
	};
	struct export_place place = { .fd = -1 };
	struct run_outcome *o = r->outcome;

	r->spool = dirs_make_spool(r->state, r->key, o->run, e);
	if (r->spool == NULL)
		return -1;
	place.dir = r->spool;
	tell_stage(r, "connecting");
	if (export_run(r->plan, &place, &watch, &o->result, e) < 0) {
		check_record(r->ledger, o->run, &o->result);
		return -1;
	}
	for (size_t i = 0; i < o->result.n_files; i++)
		tell_file(&o->result.files[i]);
	return sidefile_write_all(r->plan, r->spool, o, e);
}

static int
ship_it(struct run *r, struct err *e)
{
	struct run_outcome *o = r->outcome;
	struct consignment own = { r->plan, o };
	const struct delivery_order order = {
		.ledger = r->ledger,
		.watch = r->watch,
	};

	if (record_is_empty(o)) {
		o->state = RUN_EMPTY;
		return 0;
	}
	if (r->options->no_ship) {
		o->state = RUN_KEPT;
		return 0;
	}
	if (deliver_prepare(r->plan, o, e) < 0)
		return -1;
	earlier_block(&r->earlier, o);
	if (deliver_all(&order, &own, 1, e) < 0 || deliver_result(o, e) < 0)
		return -1;
	o->state = RUN_SHIPPED;
	return 0;
}

/* Between the records of begin and end. */
static int
work(struct run *r, struct err *e)
{
	const struct record_request request = {
		.plan = r->plan,
		.ledger = r->ledger,
		.outcome = r->outcome,
		.no_ship = r->options->no_ship,
	};
	struct run_key key = run_key(r);

	if (plan_name_run(r->plan, r->outcome->run, e) < 0 ||
	    watermark_begin(r->plan, r->ledger, &key, e) < 0 ||
	    export_files(r, e) < 0 || record_run(&request, e) < 0)
		return -1;
	return ship_it(r, e);
}

/* Whether something was finished that may be shipped later. */
static bool
has_files(const struct run_outcome *o)
{
	return o->n_files > 0 && o->files[0].id != 0;
}

/* Record how it ended; the error of the run wins over one of the record. */
static int
end_run(struct run *r, int rc, struct err *e)
{
	struct run_outcome *o = r->outcome;
	struct err own = ERR_INIT;
	const struct run_end end = {
		.state = run_state_name(o->state),
		.status = rc < 0 ? err_exit_status(e) : 0,
		.rows = export_rows(&o->result),
		.bytes = export_bytes(&o->result),
		.error = rc < 0 ? e : NULL,
	};

	const struct prune_request request = {
		.ledger = r->ledger,
		.state = r->state,
		.key = r->key,
		.plan = r->plan,
		.run = o->run,
	};

	if ((rc < 0 ? !has_files(o) : o->state == RUN_EMPTY) &&
	    r->spool != NULL && file_remove_tree(r->spool, &own) < 0)
		log_warning("%s", own.text);
	if (ledger_end_run(r->ledger, o->run, &end, &own) < 0) {
		if (rc < 0) {
			log_error(
			    "the run's end cannot be recorded: %s", own.text);
			return rc;
		}
		*e = own;
		return err_in(e,
		    "the run ended as '%s', but that cannot be "
		    "recorded",
		    end.state);
	}
	if (rc < 0)
		note_difference(r);
	if (rc == 0) {
		log_info("run %lld %s", (long long)o->run, end.state);
		prune_old(&request);
	}
	return rc;
}

/* What others are told of this run. */
static struct announcement
announcement(const struct run *r, const struct err *error)
{
	const struct announcement a = {
		.options = r->options,
		.outcome = r->outcome,
		.spec = r->spec,
		.ledger = r->ledger,
		.error = error,
		.is_skipped = r->skipped,
		.is_unknown = r->unknown,
	};

	return a;
}

static void
announce_beginning(struct run *r)
{
	const struct announcement a = announcement(r, NULL);

	announce_start(&a, &r->started);
}

/*
 * Whatever happened; it never changes what the run came to, and it may take
 * its time without keeping the next run from beginning.
 */
static void
announce_ending(struct run *r, const struct err *error)
{
	const struct announcement a = announcement(r, error);
	struct lock *turn = r->state == NULL ?
	    NULL :
	    news_take_turn(r->state, r->outcome->job, r->outcome->environment);

	lock_free(r->lock);
	r->lock = NULL;
	announce_end(&a, &r->started);
	lock_free(turn);
}

/* A run that could not begin is recorded as well, wherever that can be. */
static int
record_refusal(struct run *r, const char *state, const struct err *error)
{
	struct run_outcome *o = r->outcome;
	const struct run_end end = {
		.state = state,
		.status = err_exit_status(error),
		.error = error,
	};
	struct err own = ERR_INIT;
	struct date today;

	if (o->date[0] == '\0' &&
	    ((r->options->date != NULL &&
		 date_parse(&today, r->options->date, &own) == 0) ||
		date_today(&today, NULL, clock_wall_ms(), &own) == 0))
		date_put(o->date, &today);
	if (open_state(r, &own) == 0 &&
	    news_is_mistyped(&r->options->spec, r->ledger, r->outcome->job)) {
		r->unknown = true;
		return -1;
	}
	if (r->ledger == NULL || begin_run(r, &own) < 0 ||
	    ledger_end_run(r->ledger, o->run, &end, &own) < 0)
		log_warning("this failure could not be recorded: %s", own.text);
	else
		note_difference(r);
	return -1;
}

/* 0: the job is to be run; 1: its date is done, or failed, already. */
static int
look_back(struct run *r, struct err *e)
{
	const struct run_key key = run_key(r);
	int rc;

	if (close_lost(r, &key, e) < 0)
		return -1;
	rc = finish_earlier(r, e);
	if (rc != 0)
		return rc;
	rc = was_shipped(r, e);
	if (rc > 0)
		r->outcome->state = RUN_ALREADY;
	if (rc != 0)
		return rc;
	return check_unknown(r, e) < 0 || check_range(r, e) < 0 ? -1 : 0;
}

static int
story(struct run *r, struct err *e)
{
	int rc;

	if (make_plan(r, e) < 0)
		return record_refusal(r, "failed", e);
	if (r->plan->runtime_ms > 0)
		cancel_set_deadline(clock_monotonic_ms() + r->plan->runtime_ms,
		    r->plan->runtime_ms);
	if (open_state(r, e) < 0)
		return -1;
	if (take_lock(r, e) < 0) {
		r->skipped = true;
		return record_refusal(r, "skipped", e);
	}
	rc = look_back(r, e);
	if (rc < 0)
		return record_refusal(r, "failed", e);
	if (rc > 0)
		return e->class != ERR_NONE ? -1 : 0;
	if (begin_run(r, e) < 0)
		return -1;
	announce_beginning(r);
	rc = work(r, e);
	return end_run(r, rc, e);
}

/* The run went well, but one before it is not where it should be. */
static int
mind_earlier(const struct run *r, struct err *e)
{
	const struct earlier_item *failed = earlier_failed(&r->earlier);

	if (failed == NULL)
		return 0;
	*e = failed->error;
	return err_in(e, "run %lld for %s is not delivered",
	    (long long)failed->run, failed->date);
}

int
run_job(const struct run_options *options, const struct run_watch *watch,
    struct run_outcome *outcome, struct err *e)
{
	struct run r = {
		.options = options,
		.watch = watch,
		.outcome = outcome,
	};
	int rc;

	memset(outcome, 0, sizeof(*outcome));
	r.began_ms = clock_monotonic_ms();
	rc = story(&r, e);
	if (rc < 0 && outcome->state != RUN_HELD)
		outcome->state = RUN_FAILED;
	if (rc == 0)
		rc = mind_earlier(&r, e);
	outcome->elapsed_ms = clock_monotonic_ms() - r.began_ms;
	cancel_set_deadline(0, 0);
	announce_ending(&r, rc < 0 ? e : NULL);
	earlier_release(&r.earlier);
	ledger_free(r.ledger);
	plan_free(r.plan);
	spec_free(r.spec);
	free(r.state);
	free(r.key);
	free(r.spool);
	log_context(NULL, NULL, 0);
	log_forget();
	return rc;
}
