/*
 * cmd_run.c - odbcship run: jobs, one after the other
 *
 * Says what came of each run: a line on a terminal, a JSON line on standard
 * output with --json, a short paragraph on standard error when it failed. The
 * run itself is job/run.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/str.h"
#include "cli/command.h"
#include "cli/terminal.h"
#include "job/run.h"
#include "job/rehearse.h"

enum { JSON_MAX = 16 * 1024 * 1024 };

static const struct option_row option_rows[] = { OVERLAY_OPTIONS,
	{ "dry-run", 'n', NULL, "say what would happen and do nothing" },
	{ "no-ship", 0, NULL,
	    "stop with the finished file and print its "
	    "path" },
	{ "force", 0, NULL, "run though this logical date was shipped" },
	{ "wait", 0, "[TIME]",
	    "wait for another run of the job to end, at "
	    "most TIME (default: as long as it takes)" },
	{ "json", 0, NULL, "one line of JSON on standard output per run" },
	{ NULL, 0, NULL, NULL } };

static void
json_delivery(struct json *j, const struct run_delivery_outcome *d)
{
	json_begin_object(j, NULL);
	json_string(j, "target", d->target);
	json_string(j, "url", d->receipt.url);
	json_string(j, "stage", ship_stage_name(d->receipt.stage));
	json_string(j, "verified", d->receipt.verified);
	json_integer(j, "bytes", (int64_t)d->receipt.bytes);
	json_string(j, "tls", d->receipt.tls);
	json_integer(j, "elapsed_ms", (int64_t)d->receipt.elapsed_ms);
	json_string(
	    j, "error", d->error.class != ERR_NONE ? d->error.text : NULL);
	json_end(j);
}

static void
json_file(struct json *j, const struct run_outcome *o)
{
	json_begin_array(j, "files");
	if (o->file_name != NULL) {
		json_begin_object(j, NULL);
		json_string(j, "name", o->file_name);
		json_string(j, "path", o->path);
		json_integer(j, "rows", (int64_t)o->file.rows);
		json_integer(j, "bytes", (int64_t)o->file.bytes);
		json_string(j, "sha256", o->file.sha256);
		json_end(j);
	}
	json_end(j);
}

static void
json_error(struct json *j, const struct err *error)
{
	if (error->class == ERR_NONE) {
		json_null(j, "error");
		return;
	}
	json_begin_object(j, "error");
	json_string(j, "class", err_name(error));
	json_string(j, "message", error->text);
	json_string(j, "hint", error->hint[0] != '\0' ? error->hint : NULL);
	json_string(
	    j, "sqlstate", error->state[0] != '\0' ? error->state : NULL);
	json_integer(j, "native", error->native);
	json_end(j);
}

static void
put_json(const struct run_outcome *o, const struct err *error)
{
	struct buf out = BUF_INIT(JSON_MAX);
	struct err e = ERR_INIT;
	struct json j;

	json_init(&j, &out);
	json_begin_object(&j, NULL);
	json_string(&j, "job", o->job);
	json_string(&j, "environment", o->environment);
	json_string(&j, "date", o->date);
	json_integer(&j, "run", o->run);
	json_string(&j, "state", run_state_name(o->state));
	json_integer(&j, "status", err_exit_status(error));
	json_integer(&j, "rows", (int64_t)o->file.rows);
	json_integer(&j, "bytes", (int64_t)o->file.bytes);
	json_integer(&j, "elapsed_ms", (int64_t)o->elapsed_ms);
	if (o->state == RUN_ALREADY)
		json_integer(&j, "shipped_by_run", o->shipped_run);
	json_file(&j, o);
	json_begin_array(&j, "deliveries");
	for (size_t i = 0; i < o->n_deliveries; i++)
		json_delivery(&j, &o->deliveries[i]);
	json_end(&j);
	json_error(&j, error);
	json_end(&j);
	if (json_finish(&j, &e) == 0)
		printf("%s\n", buf_text(&out));
	else
		terminal_error(o->job, &e);
	(void)fflush(stdout);
	buf_release(&out);
}

/* What state things are in after a failure. */
static void
put_aftermath(const struct run_outcome *o)
{
	size_t delivered = 0;

	for (size_t i = 0; i < o->n_deliveries; i++)
		if (o->deliveries[i].error.class == ERR_NONE)
			delivered++;
	if (delivered == 0)
		(void)fputs("nothing was shipped", stderr);
	else
		(void)fprintf(
		    stderr, "delivered to %zu of the targets only", delivered);
	if (o->path != NULL)
		(void)fprintf(stderr, "; the file is kept as run %lld: %s",
		    (long long)o->run, o->path);
	else if (o->run != 0)
		(void)fprintf(
		    stderr, "; recorded as run %lld", (long long)o->run);
	if (o->owner[0] != '\0')
		(void)fprintf(stderr, "; owner: %s", o->owner);
	if (o->runbook[0] != '\0')
		(void)fprintf(stderr, "; runbook: %s", o->runbook);
	(void)fputc('\n', stderr);
}

static void
put_failure(const struct run_outcome *o, const struct err *error)
{
	if (o->problems.n > 0)
		terminal_problems(&o->problems);
	if (o->problems.errors == 0)
		terminal_error(o->job, error);
	put_aftermath(o);
}

/* One line for a person; nothing without a terminal. */
static void
put_success(const struct run_outcome *o)
{
	char rows[32], size[32], elapsed[32];

	str_put_count(rows, sizeof(rows), o->file.rows);
	str_put_size(size, sizeof(size), o->file.bytes);
	str_put_duration(elapsed, sizeof(elapsed), o->elapsed_ms);
	(void)fprintf(stderr, "%s: ", o->job);
	if (o->state == RUN_ALREADY) {
		(void)fprintf(stderr,
		    "%s was shipped already, by run %lld "
		    "(--force runs it again)\n",
		    o->date, (long long)o->shipped_run);
		return;
	}
	terminal_put(stderr, TONE_GOOD, run_state_name(o->state));
	(void)fprintf(stderr, " %s, %s rows, %s", o->file_name, rows, size);
	for (size_t i = 0; i < o->n_deliveries; i++)
		(void)fprintf(stderr, "%s%s", i == 0 ? ", to " : ", ",
		    o->deliveries[i].target);
	(void)fprintf(stderr, " (run %lld, %s)\n", (long long)o->run, elapsed);
}

static int
run_one(const struct invocation *inv, const struct run_options *options)
{
	bool quiet = invocation_has(inv, "quiet");
	struct run_outcome outcome;
	struct err e = ERR_INIT;

	progress_begin(!quiet);
	if (run_job(options, progress_watch(), &outcome, &e) == 0)
		e.class = ERR_NONE;
	progress_end();
	if (invocation_has(inv, "json"))
		put_json(&outcome, &e);
	else if (outcome.state == RUN_KEPT)
		printf("%s\n", outcome.path);
	if (e.class != ERR_NONE)
		put_failure(&outcome, &e);
	else if (!quiet && isatty(STDERR_FILENO) == 1)
		put_success(&outcome);
	run_outcome_release(&outcome);
	return err_exit_status(&e);
}

static int
rehearse_one(const struct run_options *options)
{
	struct problems problems = PROBLEMS_INIT;
	struct buf text = BUF_INIT(JSON_MAX);
	struct err e = ERR_INIT;
	int rc = rehearse_job(options, &text, &problems, &e);

	terminal_problems(&problems);
	if (rc == 0)
		(void)fputs(buf_text(&text), stdout);
	else if (problems.errors == 0)
		terminal_error(options->spec.job, &e);
	buf_release(&text);
	problems_release(&problems);
	return rc < 0 ? err_exit_status(&e) : 0;
}

/* --wait: as long as it takes, or a duration; -1 as the spec says. */
static int
take_wait(const struct invocation *inv, int64_t *wait_ms, struct err *e)
{
	const char *text = invocation_value(inv, "wait");
	uint64_t ms;

	*wait_ms = -1;
	if (!invocation_has(inv, "wait"))
		return 0;
	*wait_ms = INT64_MAX;
	if (text == NULL)
		return 0;
	if (str_duration(text, &ms, e) < 0) {
		e->class = ERR_USAGE;
		return err_in(e, "--wait");
	}
	*wait_ms = (int64_t)ms;
	return 0;
}

static int
run_all(const struct invocation *inv, struct run_options *options)
{
	int first_failure = 0;

	for (size_t i = 0; i < inv->n_arguments && !cancel_is_due(); i++) {
		int status;

		options->spec.job = inv->arguments[i];
		status = invocation_has(inv, "dry-run") ?
		    rehearse_one(options) :
		    run_one(inv, options);
		if (first_failure == 0)
			first_failure = status;
	}
	return first_failure;
}

static int
run(const struct invocation *inv)
{
	struct run_options options;
	struct overlay overlay;
	struct err e = ERR_INIT;
	int status;

	memset(&options, 0, sizeof(options));
	if (overlay_take(&overlay, inv, &e) == 0 &&
	    take_wait(inv, &options.wait_ms, &e) == 0 &&
	    inv->n_arguments == 0) {
		(void)err_set(&e, ERR_USAGE, "which job?");
		(void)err_hint(&e,
		    "'odbcship list' names the jobs; a path to "
		    "a job spec will do as well.");
	}
	if (e.class != ERR_NONE) {
		terminal_error(NULL, &e);
		status = err_exit_status(&e);
	} else {
		options.spec = overlay.request;
		options.date = invocation_value(inv, "date");
		options.no_ship = invocation_has(inv, "no-ship");
		options.force = invocation_has(inv, "force");
		status = run_all(inv, &options);
	}
	overlay_release(&overlay);
	return status;
}

const struct command command_run = {
	.name = "run",
	.summary = "Run jobs: query, write the file, ship it, record it.",
	.usage = "[options] JOB...",
	.example = "odbcship run daily-orders --env prod",
	.options = option_rows,
	.run = run,
};
