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
#include "cli/bare.h"
#include "cli/command.h"
#include "cli/outcome.h"
#include "cli/terminal.h"
#include "job/due.h"
#include "job/run.h"
#include "job/rehearse.h"

enum { JSON_MAX = 16 * 1024 * 1024 };

static const struct option_row option_rows[] = { OVERLAY_OPTIONS,
	{ "dry-run", 'n', NULL, "say what would happen and do nothing" },
	{ "no-ship", 0, NULL,
	    "stop with the finished files and print their "
	    "paths" },
	{ "due", 0, NULL,
	    "run what the schedule expected and no run has done, the oldest "
	    "logical date first" },
	{ "force", 0, NULL, "run though this logical date was shipped" },
	{ "wait", 0, "[TIME]",
	    "wait for another run of the job to end, at "
	    "most TIME (default: as long as it takes)" },
	{ "json", 0, NULL, "one line of JSON on standard output per run" },
	{ "as-cron", 0, NULL,
	    "run in the bare environment that cron gives, and "
	    "say what differs from this one" },
	{ NULL, 0, NULL, NULL } };

/* Of a run that was not to ship: where its files are. */
static void
put_paths(const struct run_outcome *o)
{
	for (size_t i = 0; i < o->n_files; i++)
		if (o->files[i].path != NULL)
			printf("%s\n", o->files[i].path);
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
		outcome_put_json(&outcome, &e);
	else if (outcome.state == RUN_KEPT)
		put_paths(&outcome);
	if (e.class != ERR_NONE) {
		log_context(outcome.job, outcome.environment, outcome.run);
		log_context_date(outcome.date);
		outcome_put_failure(&outcome, &e);
		log_context(NULL, NULL, 0);
	} else if (!quiet && isatty(STDERR_FILENO) == 1)
		outcome_put_success(&outcome);
	run_outcome_release(&outcome);
	return err_exit_status(&e);
}

/* The lines of a rehearsal as members of one array. */
static void
json_lines(struct json *j, struct buf *text)
{
	char *rest = NULL;
	char *line = text->data != NULL ? strtok_r(text->data, "\n", &rest) :
					  NULL;

	json_begin_array(j, "would");
	for (; line != NULL; line = strtok_r(NULL, "\n", &rest))
		json_string(j, NULL, line);
	json_end(j);
}

static void
put_json_rehearsal(const char *job, struct buf *text, const struct err *error)
{
	struct buf out = BUF_INIT(JSON_MAX);
	struct err e = ERR_INIT;
	struct json j;

	json_init(&j, &out);
	json_begin_object(&j, NULL);
	json_string(&j, "job", job);
	json_string(
	    &j, "state", error->class == ERR_NONE ? "dry-run" : "failed");
	json_integer(&j, "status", err_exit_status(error));
	json_lines(&j, text);
	outcome_json_error(&j, error);
	json_end(&j);
	if (json_finish(&j, &e) == 0)
		printf("%s\n", buf_text(&out));
	else
		terminal_error(job, &e);
	(void)fflush(stdout);
	buf_release(&out);
}

static int
rehearse_one(const struct invocation *inv, const struct run_options *options)
{
	struct problems problems = PROBLEMS_INIT;
	struct buf text = BUF_INIT(JSON_MAX);
	struct err e = ERR_INIT;

	if (rehearse_job(options, &text, &problems, &e) == 0)
		e.class = ERR_NONE;
	else
		buf_reset(&text);
	if (invocation_has(inv, "json"))
		put_json_rehearsal(options->spec.job, &text, &e);
	else
		(void)fputs(buf_text(&text), stdout);
	terminal_problems(&problems);
	if (e.class != ERR_NONE && problems.errors == 0)
		terminal_error(options->spec.job, &e);
	buf_release(&text);
	problems_release(&problems);
	return err_exit_status(&e);
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
run_date(const struct invocation *inv, const struct run_options *options)
{
	struct err e = ERR_INIT;

	if (cancel_check(&e) < 0) {
		(void)err_in(&e, "not run");
		terminal_error(options->spec.job, &e);
		return err_exit_status(&e);
	}
	return invocation_has(inv, "dry-run") ? rehearse_one(inv, options) :
						run_one(inv, options);
}

/*
 * --due: the missing dates of one job, oldest first, until one fails. A spec
 * that is wrong is left to the run, which tells and records it.
 */
static int
run_due(const struct invocation *inv, struct run_options *options)
{
	struct problems problems = PROBLEMS_INIT;
	struct due_list list = DUE_LIST_INIT;
	struct err e = ERR_INIT;
	int status = 0;

	if (due_of_job(&options->spec, &list, &problems, &e) < 0) {
		if (problems.errors > 0)
			status = run_date(inv, options);
		else {
			terminal_error(options->spec.job, &e);
			status = err_exit_status(&e);
		}
	}
	for (size_t i = 0; i < list.n && status == 0; i++) {
		options->date = list.items[i].date;
		status = run_date(inv, options);
	}
	options->date = NULL;
	problems_release(&problems);
	due_release(&list);
	return status;
}

static int
run_all(const struct invocation *inv, struct run_options *options)
{
	int first_failure = 0;

	for (size_t i = 0; i < inv->n_arguments; i++) {
		int status;

		options->spec.job = inv->arguments[i];
		status = invocation_has(inv, "due") ? run_due(inv, options) :
						      run_date(inv, options);
		if (first_failure == 0)
			first_failure = status;
	}
	return first_failure;
}

/* Once more in cron's environment; what differs from ours is said first. */
static int
run_as_cron(const struct invocation *inv)
{
	struct buf lines = BUF_INIT(JSON_MAX);
	struct err e = ERR_INIT;
	char *rest = NULL;
	int status = 0;
	int rc = bare_put_differences(&lines, &e);

	if (rc == 0 && lines.length > 0 && !invocation_has(inv, "quiet")) {
		terminal_more("cron's environment differs from this one:");
		for (char *line = strtok_r(lines.data, "\n", &rest);
		     line != NULL; line = strtok_r(NULL, "\n", &rest))
			terminal_more(line);
	}
	if (rc == 0)
		rc = bare_run(inv, NULL, &status, &e);
	if (rc < 0)
		terminal_error(NULL, &e);
	buf_release(&lines);
	return rc < 0 ? err_exit_status(&e) : status;
}

/* What was typed must mean something together. */
static int
check_usage(const struct invocation *inv, struct err *e)
{
	if (inv->n_arguments == 0) {
		(void)err_set(e, ERR_USAGE, "which job?");
		return err_hint(e,
		    "'odbcship list' names the jobs; a path to "
		    "a job spec will do as well.");
	}
	if (invocation_has(inv, "due") &&
	    (invocation_has(inv, "date") || invocation_has(inv, "force") ||
		invocation_has(inv, "no-ship"))) {
		(void)err_set(e, ERR_USAGE,
		    "--due chooses the logical dates itself: it goes with "
		    "none of --date, --force and --no-ship");
		return err_hint(e,
		    "Use --date alone to run one date, with --force to ship "
		    "it again.");
	}
	return 0;
}

static int
run(const struct invocation *inv)
{
	struct run_options options;
	struct overlay overlay;
	struct err e = ERR_INIT;
	int status;

	if (invocation_has(inv, "as-cron"))
		return run_as_cron(inv);
	memset(&options, 0, sizeof(options));
	if (overlay_take(&overlay, inv, &e) == 0 &&
	    take_wait(inv, &options.wait_ms, &e) == 0 &&
	    check_usage(inv, &e) == 0) {
		options.spec = overlay.request;
		options.date = invocation_value(inv, "date");
		options.no_ship = invocation_has(inv, "no-ship");
		options.force = invocation_has(inv, "force");
		status = run_all(inv, &options);
	} else {
		terminal_error(NULL, &e);
		status = err_exit_status(&e);
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
