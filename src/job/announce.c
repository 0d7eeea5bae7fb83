/*
 * announce.c - a run, as an event that others are told of
 *
 * Gathers what run.c knows into texts. Who is told, in which way and whether
 * at all, is tell/tell.h's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "announce.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "news.h"
#include "state/outbox.h"
#include "tell/metrics.h"

enum { TEXT_BYTES = 64 * 1024, HOST_BYTES = 256, FILES_NAMED = 5 };

/* The texts of an event, which borrows them. */
struct texts {
	struct buf again;
	struct buf problems;
	struct buf aftermath;
	struct buf targets;
	struct buf files;
	struct buf log;
	char host[HOST_BYTES];
};

/* A word of a command line, in quotes where a shell would change it. */
static int
put_word(struct buf *out, const char *word, struct err *e)
{
	bool is_plain = *word != '\0' &&
	    word[strspn(word,
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789_./:=@%+,-")] == '\0';
	int rc;

	if (is_plain)
		return buf_printf(out, e, " %s", word);
	rc = buf_puts(out, " '", e);
	for (; rc == 0 && *word != '\0'; word++)
		rc = *word == '\'' ? buf_puts(out, "'\\''", e) :
				     buf_put(out, word, 1, e);
	return rc < 0 ? -1 : buf_puts(out, "'", e);
}

static int
put_option(
    struct buf *out, const char *option, const char *value, struct err *e)
{
	if (value == NULL || *value == '\0')
		return 0;
	return put_word(out, option, e) < 0 ? -1 : put_word(out, value, e);
}

/* The command to try again: the same run, whatever day it will be. */
static int
put_again(struct buf *out, const struct announcement *a, struct err *e)
{
	const struct spec_request *r = &a->options->spec;
	const struct run_outcome *o = a->outcome;

	if (buf_puts(out, "odbcship run", e) < 0 ||
	    put_word(out, r->job, e) < 0 ||
	    put_option(out, "--config", r->main_file, e) < 0 ||
	    put_option(out, "--env", o->environment, e) < 0 ||
	    put_option(out, "--date", o->date, e) < 0 ||
	    put_option(out, "--dsn", r->dsn, e) < 0)
		return -1;
	for (size_t i = 0; i < r->n_params; i++)
		if (put_option(out, "--param", r->params[i], e) < 0)
			return -1;
	for (size_t i = 0; i < r->n_sets; i++)
		if (put_option(out, "--set", r->sets[i], e) < 0)
			return -1;
	return 0;
}

static int
put_problems(struct buf *out, const struct problems *problems, struct err *e)
{
	char line[4096];

	for (size_t i = 0; i < problems->n; i++) {
		problem_put(&problems->items[i], line, sizeof(line));
		if (buf_printf(out, e, "%s\n", line) < 0)
			return -1;
	}
	return 0;
}

/* Those that have all files. */
static int
put_targets(struct buf *out, const struct run_outcome *o, struct err *e)
{
	for (size_t i = 0; i < o->n_deliveries;) {
		const char *target = o->deliveries[i].target;

		if (run_count_delivered(o, &i) == run_count_files(o) &&
		    buf_printf(out, e, "%s%s", out->length > 0 ? ", " : "",
			target) < 0)
			return -1;
	}
	return 0;
}

/* "orders.csv", "a.csv, b.csv", or how many there are. */
static int
put_files(struct buf *out, const struct run_outcome *o, struct err *e)
{
	const struct export_result *r = &o->result;

	if (r->n_files > FILES_NAMED)
		return buf_printf(out, e, "%zu files", r->n_files);
	for (size_t i = 0; i < r->n_files; i++)
		if (buf_printf(out, e, "%s%s", i > 0 ? ", " : "",
			r->files[i].name) < 0)
			return -1;
	return 0;
}

/* Targets that have some of the files, or may have one. */
static int
put_doubts(struct buf *out, const struct run_outcome *o, struct err *e)
{
	size_t all = run_count_files(o);

	for (size_t i = 0; i < o->n_deliveries;) {
		const char *target = o->deliveries[i].target;
		size_t n = run_count_delivered(o, &i);
		const struct run_delivery_outcome *last = &o->deliveries[i - 1];

		if (n > 0 && n < all &&
		    buf_printf(out, e, "; '%s' has %zu of %zu files", target, n,
			all) < 0)
			return -1;
		if (last->error.class != ERR_NONE &&
		    last->receipt.stage >= SHIP_RENAMING &&
		    buf_printf(out, e,
			"; '%s' may have it: look there before it is "
			"sent again",
			target) < 0)
			return -1;
	}
	return 0;
}

static bool
is_shipped(const struct run_outcome *o)
{
	for (size_t i = 0; i < o->n_deliveries; i++)
		if (o->deliveries[i].error.class == ERR_NONE)
			return true;
	return false;
}

/* What state things are in after a failure. */
static int
put_aftermath(struct buf *out, const struct run_outcome *o,
    const struct buf *targets, struct err *e)
{
	char *path = NULL;
	const char *text = is_shipped(o) ? "not all was shipped" :
					   "nothing was shipped";
	int rc;

	if (o->state == RUN_SHIPPED) /* what failed was before it */
		rc = buf_printf(out, e, "its own file%s delivered to %s",
		    run_count_files(o) == 1 ? " is" : "s are",
		    buf_text(targets));
	else if (targets->length > 0)
		rc = buf_printf(
		    out, e, "delivered to %s only", buf_text(targets));
	else
		rc = buf_puts(out, text, e);

	if (rc == 0)
		rc = put_doubts(out, o, e);
	if (rc < 0 || run_count_files(o) == 0)
		return rc;
	path = run_kept_path(o, e);
	rc = path == NULL ?
	    -1 :
	    buf_printf(out, e, "; the file%s kept: %s",
		run_count_files(o) == 1 ? " is" : "s are", path);
	free(path);
	return rc;
}

static void
gather(struct texts *t, const struct announcement *a)
{
	struct err e = ERR_INIT;

	if (gethostname(t->host, sizeof(t->host) - 1) < 0)
		(void)snprintf(t->host, sizeof(t->host), "localhost");
	if (put_again(&t->again, a, &e) < 0 ||
	    put_problems(&t->problems, &a->outcome->problems, &e) < 0 ||
	    put_targets(&t->targets, a->outcome, &e) < 0 ||
	    put_files(&t->files, a->outcome, &e) < 0 ||
	    put_aftermath(&t->aftermath, a->outcome, &t->targets, &e) < 0 ||
	    log_put_tail(&t->log, &e) < 0)
		log_warning("what is told of the run is cut: %s", e.text);
}

static void
release(struct texts *t)
{
	buf_release(&t->again);
	buf_release(&t->problems);
	buf_release(&t->aftermath);
	buf_release(&t->targets);
	buf_release(&t->files);
	buf_release(&t->log);
}

static enum tell_outcome
outcome_of(const struct announcement *a)
{
	const struct run_outcome *o = a->outcome;

	if (a->is_skipped)
		return TELL_SKIPPED;
	if (a->error != NULL)
		return TELL_FAILED;
	return o->state == RUN_ALREADY && o->n_earlier == 0 ? TELL_SKIPPED :
							      TELL_SUCCEEDED;
}

static bool
is_loss(const struct run_outcome *o)
{
	for (size_t i = 0; i < o->n_earlier; i++)
		if (o->earlier[i].is_given_up)
			return true;
	return false;
}

static struct tell_event
event_of(const struct announcement *a, const struct texts *t)
{
	const struct run_outcome *o = a->outcome;
	bool failed = a->error != NULL;
	struct tell_event event = {
		.outcome = outcome_of(a),
		.is_loss = is_loss(o),
		.job = o->job,
		.environment = o->environment,
		.date = o->date,
		.owner = o->owner,
		.runbook = o->runbook,
		.host = t->host,
		.run = o->run,
		.state = a->is_skipped ? "skipped" : run_state_name(o->state),
		.status = failed ? err_exit_status(a->error) : 0,
		.error = a->error,
		.problems = buf_text(&t->problems),
		.aftermath = failed ? buf_text(&t->aftermath) : NULL,
		.again = failed ? buf_text(&t->again) : NULL,
		.log = buf_text(&t->log),
		.changes = o->difference,
		.file = t->files.length > 0 ? buf_text(&t->files) : NULL,
		.targets = buf_text(&t->targets),
		.rows = export_rows(&o->result),
		.bytes = export_bytes(&o->result),
		.elapsed_ms = o->elapsed_ms,
		.now_ms = clock_wall_ms(),
	};

	if (a->spec != NULL)
		event.description = spec_text(a->spec, "description");
	return event;
}

/* What monitoring wants to know beyond this run. */
static int
take_past(void *arg, const struct run_row *row, struct err *e)
{
	struct metrics_past *past = arg;

	(void)e;
	if (past->success_ms != 0)
		return 0;
	if (strcmp(row->state, "shipped") == 0 ||
	    strcmp(row->state, "empty") == 0)
		past->success_ms = row->ended_ms;
	else if (strcmp(row->state, "failed") == 0 ||
	    strcmp(row->state, "held") == 0 || strcmp(row->state, "lost") == 0)
		past->failures++;
	return 0;
}

static int
take_began(void *arg, const struct run_row *row, struct err *e)
{
	(void)e;
	*(int64_t *)arg = row->began_ms;
	return 0;
}

static int
count_outbox(struct ledger *l, const struct tell_event *event,
    struct metrics_past *past, struct err *e)
{
	const struct run_key key = { event->job, event->environment, "", "" };
	struct run_filter filter = { .limit = 1 };
	struct outbox_sum sum = { 0 };

	if (outbox_count(l, &key, &sum, e) < 0)
		return -1;
	past->outbox = sum.deliveries + sum.unknown;
	filter.id = sum.first;
	if (sum.first == 0)
		return 0;
	return ledger_each_run(l, &filter, take_began, &past->outbox_ms, e);
}

static void
write_metrics(const struct announcement *a, const struct spec *s,
    const struct tell_event *event)
{
	const struct value *v = spec_value(s, "metrics.directory");
	const struct run_filter filter = {
		.job = event->job,
		.environment = event->environment,
	};
	struct metrics_past past = { 0 };
	struct err e = ERR_INIT;
	char *directory;
	int rc = 0;

	if (v->text == NULL || event->outcome == TELL_SKIPPED || a->is_unknown)
		return;
	directory = spec_resolve(v, &e);
	if (a->ledger != NULL)
		rc = ledger_each_run(a->ledger, &filter, take_past, &past, &e);
	if (a->ledger != NULL && rc == 0)
		rc = count_outbox(a->ledger, event, &past, &e);
	if (directory == NULL || rc < 0 ||
	    metrics_write(directory, event, &past, &e) < 0)
		log_warning("%s", e.text);
	free(directory);
}

/* The job's spec cannot be read: the main file may say who is told. */
static struct spec *
load_main(const struct announcement *a)
{
	struct spec_request request = {
		.main_file = a->options->spec.main_file,
	};
	struct problems problems = PROBLEMS_INIT;
	struct spec *spec = NULL;
	struct err e = ERR_INIT;

	if (spec_load(&spec, &request, &problems, &e) < 0)
		log_warning("nobody can be told: %s", e.text);
	problems_release(&problems);
	return spec;
}

/* What happened to the ledger, before or while this run was. */
static void
tell_ledger(const struct announcement *a, const struct spec *s)
{
	const struct news_place news = { s, a->ledger, a->outcome->job,
		a->outcome->environment };

	if (a->ledger != NULL)
		news_tell_ledger(&news);
}

void
announce_start(const struct announcement *a, struct tell_started *started)
{
	if (!a->options->no_ship)
		tell_start(a->spec, started);
}

void
announce_end(const struct announcement *a, struct tell_started *started)
{
	struct spec *own = a->spec == NULL ? load_main(a) : NULL;
	const struct spec *s = a->spec != NULL ? a->spec : own;
	struct texts t = { BUF_INIT(TEXT_BYTES), BUF_INIT(TEXT_BYTES),
		BUF_INIT(TEXT_BYTES), BUF_INIT(TEXT_BYTES),
		BUF_INIT(TEXT_BYTES), BUF_INIT(TEXT_BYTES), "" };
	struct tell_event event;

	/*
	 * What somebody tries by hand and does not ship is nobody's news, nor
	 * is a name that somebody mistypes; but one in a crontab is.
	 */
	if (s != NULL && !a->options->no_ship &&
	    !(a->is_unknown && log_is_terminal())) {
		gather(&t, a);
		event = event_of(a, &t);
		tell_end(s, a->ledger, &event, started);
		tell_ledger(a, s);
		write_metrics(a, s, &event);
		release(&t);
	}
	spec_free(own);
}
