/*
 * cmd_status.c - odbcship status: how each job stands
 *
 * The last outcome of each job next to what was expected of it, what needs a
 * person first. What it all means is decided in job/overview.c; here it is
 * only shown.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "cli/command.h"
#include "cli/moment.h"
#include "cli/terminal.h"
#include "job/overview.h"
#include "state/repair.h"

enum { STATUS_MAX = 64 * 1024 * 1024, NAME_WIDTH = 40, LATE_STATUS = 1 };

static const struct option_row option_rows[] = {
	{ "env", 0, "NAME", "only this environment, default: this host's" },
	{ "late", 0, NULL,
	    "end with 1 when a job is late, open, failed or cannot run: for "
	    "monitoring" },
	{ "json", 0, NULL, "as JSON, an array of jobs" },
	{ NULL, 0, NULL, NULL }
};

static const enum tone tones[] = {
	[VIEW_BROKEN] = TONE_BAD,
	[VIEW_FAILED] = TONE_BAD,
	[VIEW_LATE] = TONE_WARN,
	[VIEW_OPEN] = TONE_WARN,
	[VIEW_RUNNING] = TONE_PLAIN,
	[VIEW_OK] = TONE_GOOD,
	[VIEW_NEVER] = TONE_PLAIN,
	[VIEW_GONE] = TONE_FAINT,
};

/* JSON. */

static void
json_last(struct json *j, const struct run_row *row)
{
	bool failed = row->id != 0 && row->class_name[0] != '\0';

	if (row->id == 0) {
		json_null(j, "last");
		return;
	}
	json_begin_object(j, "last");
	json_integer(j, "run", row->id);
	json_string(j, "state", row->state);
	json_integer(j, "status", row->status);
	json_string(j, "date", row->date);
	moment_json(j, "began", row->began_ms);
	moment_json(j, "ended", row->ended_ms);
	json_integer(j, "rows", (int64_t)row->rows);
	json_integer(j, "bytes", (int64_t)row->bytes);
	json_string(j, "class", failed ? row->class_name : NULL);
	json_string(j, "message", failed ? row->message : NULL);
	json_string(
	    j, "hint", failed && row->hint[0] != '\0' ? row->hint : NULL);
	json_end(j);
}

static int
json_note(void *arg, const struct repair_note *note, struct err *e)
{
	struct json *j = arg;

	(void)e;
	json_begin_object(j, NULL);
	moment_json(j, "time", note->at_ms);
	json_string(j, "text", note->text);
	json_end(j);
	return 0;
}

/* They concern each job, so they stand in each. */
static int
json_notes(struct json *j, const struct overview *o, struct err *e)
{
	int rc = 0;

	json_begin_array(j, "ledger_notes");
	if (o->ledger != NULL)
		rc = repair_each_note(
		    o->ledger, o->now_ms - OVERVIEW_NOTES_MS, json_note, j, e);
	json_end(j);
	return rc;
}

static int
json_view(struct json *j, const struct overview *o, const struct job_view *v,
    struct err *e)
{
	const struct standing *s = &v->standing;
	int64_t now_ms = o->now_ms;
	int rc;

	json_begin_object(j, NULL);
	json_string(j, "job", v->job);
	json_string(j, "environment", v->environment);
	json_string(j, "description", v->description);
	json_string(j, "owner", v->owner);
	json_string(j, "state", view_word(v));
	json_bool(j, "needs_attention", view_is_bad(v));
	json_bool(j, "has_spec", v->state != VIEW_GONE);
	json_string(j, "problem", v->problem);
	json_string(j, "schedule", v->cron);
	moment_json(j, "next_expected", v->next_ms);
	json_bool(j, "late", v->late_ms > 0);
	moment_json(j, "late_since", v->late_ms);
	json_integer(j, "late_seconds",
	    v->late_ms > 0 ? (now_ms - v->late_ms) / 1000 : 0);
	json_string(j, "late_date", v->late_ms > 0 ? v->late_date : NULL);
	json_integer(j, "missing_dates", (int64_t)v->missed);
	moment_json(j, "failing_since", s->failing_ms);
	json_integer(j, "failures", s->failures);
	json_integer(j, "last_good_run", s->good);
	moment_json(j, "last_good", s->good_ms);
	json_integer(j, "skipped", s->skipped);
	json_integer(j, "missing_deliveries", s->missing);
	json_integer(j, "unknown_deliveries", s->unknown);
	json_integer(j, "held_dates", s->held);
	json_last(j, &v->last);
	rc = json_notes(j, o, e);
	json_end(j);
	return rc;
}

static int
put_json(const struct overview *o, struct err *e)
{
	struct buf out = BUF_INIT(STATUS_MAX);
	struct json j;
	int rc = 0;

	json_init(&j, &out);
	json_begin_array(&j, NULL);
	for (size_t i = 0; rc == 0 && i < o->n; i++)
		rc = json_view(&j, o, &o->views[i], e);
	json_end(&j);
	if (rc == 0)
		rc = json_finish(&j, e);
	if (rc == 0)
		printf("%s\n", buf_text(&out));
	buf_release(&out);
	return rc;
}

/* For people. */

/* "daily-orders.prod", as in history. */
static void
put_name(char *text, size_t size, const struct job_view *v)
{
	(void)snprintf(text, size, "%s%s%s", v->job,
	    v->environment[0] != '\0' ? "." : "", v->environment);
}

static int
name_width(const struct overview *o)
{
	size_t width = sizeof("JOB") - 1;

	for (size_t i = 0; i < o->n; i++) {
		char name[256];

		put_name(name, sizeof(name), &o->views[i]);
		if (strlen(name) > width)
			width = strlen(name);
	}
	return width < NAME_WIDTH ? (int)width : NAME_WIDTH;
}

/* The state as a word of one width, in capitals where a person is needed. */
static void
put_word(const struct job_view *v)
{
	char word[24];

	(void)snprintf(word, sizeof(word), "%-9s", view_word(v));
	for (char *at = word; view_is_bad(v) && *at != '\0'; at++)
		*at = (char)toupper((unsigned char)*at);
	terminal_put(stdout, tones[v->state], word);
}

static void
put_line(const struct job_view *v, int width, int64_t now_ms)
{
	char name[256], began[DATE_BRIEF] = "-", next[DATE_BRIEF] = "-";
	char rows[32] = "-", elapsed[32] = "-";
	const struct run_row *last = &v->last;

	put_name(name, sizeof(name), v);
	if (last->id != 0) {
		int64_t end = last->ended_ms > 0 ? last->ended_ms : now_ms;

		date_put_brief(began, v->zone, last->began_ms, now_ms);
		str_put_duration(elapsed, sizeof(elapsed),
		    end > last->began_ms ? (uint64_t)(end - last->began_ms) :
					   0);
		if (last->status == 0)
			str_put_count(rows, sizeof(rows), last->rows);
	}
	if (v->next_ms > 0)
		date_put_brief(next, v->zone, v->next_ms, now_ms);
	printf("%-*s  ", width, name);
	put_word(v);
	printf("  %12s  %-10s  %9s  %9s  %12s\n", began,
	    last->id != 0 ? last->date : "-", rows, elapsed, next);
}

/* What failed, in the words of the run. */
static void
put_failure(const struct job_view *v)
{
	const struct standing *s = &v->standing;
	char since[DATE_MOMENT], good[DATE_MOMENT];

	if (v->is_gone)
		printf("    run %lld says 'running', but its process is gone\n"
		       "    hint: the next run records it as lost\n",
		    (long long)v->last.id);
	else {
		printf("    run %lld: %s\n", (long long)v->last.id,
		    v->last.message);
		if (v->last.hint[0] != '\0')
			printf("    hint: %s\n", v->last.hint);
	}
	if (s->failing_ms > 0 && s->failures > 1) {
		date_put_moment(since, v->zone, s->failing_ms);
		printf("    failing since %s, %u runs\n", since, s->failures);
	}
	if (s->good > 0) {
		date_put_moment(good, v->zone, s->good_ms);
		printf(
		    "    last good: run %lld, %s\n", (long long)s->good, good);
	} else
		printf("    it never ended well\n");
}

static int
put_open(void *arg, const char *text, const char *hint, struct err *e)
{
	(void)arg;
	(void)e;
	printf("    %s\n    hint: %s\n", text, hint);
	return 0;
}

static void
put_lateness(const struct job_view *v, int64_t now_ms)
{
	char expected[DATE_MOMENT], late[32];

	date_put_moment(expected, v->zone, v->late_ms);
	str_put_duration(late, sizeof(late), (uint64_t)(now_ms - v->late_ms));
	printf("    late by %s: %s was expected %s\n", late, v->late_date,
	    expected);
	if (v->missed > 1)
		printf("    %zu%s dates are missing\n", v->missed,
		    v->missed_more ? " or more" : "");
	printf("    hint: 'odbcship run --due %s%s%s' runs what is missing, "
	       "the oldest first\n",
	    v->job, v->environment[0] != '\0' ? " --env " : "", v->environment);
}

static void
put_view(const struct job_view *v, int width, int64_t now_ms)
{
	struct err e = ERR_INIT;

	put_line(v, width, now_ms);
	if (v->problem != NULL)
		printf("    %s\n    hint: 'odbcship check %s' says all that is "
		       "wrong\n",
		    v->problem, v->job);
	if (v->state == VIEW_FAILED)
		put_failure(v);
	if (v->late_ms > 0)
		put_lateness(v, now_ms);
	if (view_each_open(v, put_open, NULL, &e) < 0)
		terminal_error(v->job, &e);
	if (view_is_bad(v) && v->owner != NULL)
		printf("    owner: %s\n", v->owner);
	if (view_is_bad(v) && v->runbook != NULL)
		printf("    runbook: %s\n", v->runbook);
	if (v->standing.skipped > 0)
		printf("    %u run%s since found the lock held\n",
		    v->standing.skipped, v->standing.skipped > 1 ? "s" : "");
}

/* "12 jobs: 1 failed, 1 late, 10 ok" */
static void
put_sum(const struct overview *o)
{
	static const char *const words[] = { "cannot run", "failed", "late",
		"open", "running", "ok", "never run", "without a spec" };
	size_t counts[sizeof(words) / sizeof(words[0])] = { 0 };
	const char *between = ": ";

	for (size_t i = 0; i < o->n; i++)
		counts[o->views[i].state]++;
	printf("\n%zu job%s", o->n, o->n == 1 ? "" : "s");
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (counts[i] == 0)
			continue;
		printf("%s%zu %s", between, counts[i], words[i]);
		between = ", ";
	}
	printf("\n");
}

/* What happened to the ledger is told for two weeks. */
static int
put_note(void *arg, const struct repair_note *note, struct err *e)
{
	char at[DATE_MOMENT];

	(void)arg;
	(void)e;
	date_put_moment(at, NULL, note->at_ms);
	terminal_put(stdout, TONE_WARN, "NOTE");
	printf(" %s: %s\n", at, note->text);
	return 0;
}

static void
put_notes(const struct overview *o)
{
	struct err e = ERR_INIT;

	if (o->ledger != NULL &&
	    repair_each_note(o->ledger, o->now_ms - OVERVIEW_NOTES_MS, put_note,
		NULL, &e) < 0)
		terminal_error(NULL, &e);
}

static void
put_text(const struct overview *o)
{
	int width = name_width(o);
	char heading[256];

	if (o->n == 0) {
		(void)fputs("no jobs, and no runs\n", stderr);
		return;
	}
	(void)snprintf(heading, sizeof(heading),
	    "%-*s  %-9s  %12s  %-10s  %9s  %9s  %12s", width, "JOB", "STATE",
	    "LAST RUN", "DATE", "ROWS", "TOOK", "EXPECTED");
	terminal_put(stdout, TONE_STRONG, heading);
	printf("\n");
	for (size_t i = 0; i < o->n; i++)
		put_view(&o->views[i], width, o->now_ms);
	put_sum(o);
	put_notes(o);
}

static bool
has_bad(const struct overview *o)
{
	for (size_t i = 0; i < o->n; i++)
		if (view_is_bad(&o->views[i]))
			return true;
	return false;
}

static int
run(const struct invocation *inv)
{
	const struct overview_request request = {
		.main_file = invocation_value(inv, "config"),
		.environment = invocation_value(inv, "env"),
		.jobs = (const char *const *)inv->arguments,
		.n_jobs = inv->n_arguments,
	};
	struct problems problems = PROBLEMS_INIT;
	struct overview o;
	struct err e = ERR_INIT;
	int status = 0;
	int rc = overview_load(&o, &request, &problems, &e);

	if (rc == 0 && invocation_has(inv, "json"))
		rc = put_json(&o, &e);
	else if (rc == 0)
		put_text(&o);
	terminal_problems(&problems);
	if (rc < 0 && problems.errors == 0)
		terminal_error(NULL, &e);
	if (rc < 0)
		status = err_exit_status(&e);
	else if (invocation_has(inv, "late") && has_bad(&o))
		status = LATE_STATUS;
	overview_release(&o);
	problems_release(&problems);
	return status;
}

const struct command command_status = {
	.name = "status",
	.summary = "How each job stands: its last run, and what was expected.",
	.usage = "[options] [JOB...]",
	.example = "odbcship status --late",
	.options = option_rows,
	.run = run,
};
