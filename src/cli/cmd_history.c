/*
 * cmd_history.c - odbcship history: what was run, and what came of it
 *
 * Reads the ledger and nothing else. A number is a run, a word is a job.
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
#include "cli/guards.h"
#include "cli/moment.h"
#include "cli/terminal.h"
#include "job/environment.h"
#include "job/overview.h"
#include "state/ledger.h"
#include "state/ledger_environment.h"
#include "state/outbox.h"

enum { HISTORY_MAX = 256 * 1024 * 1024, HISTORY_RUNS = 20, WIDTH_JOB = 22 };

static const struct option_row option_rows[] = {
	{ "env", 0, "NAME", "only runs of this environment" },
	{ "state", 0, "STATE", "only runs in this state: failed, shipped..." },
	{ "since", 0, "TIME",
	    "only runs that began then or later: a date, or how long ago "
	    "(2d)" },
	{ "until", 0, "TIME", "only runs that began before" },
	{ "limit", 'l', "N", "at most N runs, default 20, 0 for all" },
	{ "json", 0, NULL, "as JSON, an array of runs" },
	{ NULL, 0, NULL, NULL }
};

/* One reading of the ledger. */
struct reading {
	struct ledger *ledger;
	bool as_json;
	bool detailed; /* one run, with all there is */
	struct json json;
	size_t n; /* runs seen */
};

static int
json_statement(void *arg, const struct run_statement *s, struct err *e)
{
	struct json *j = &((struct reading *)arg)->json;

	(void)e;
	json_begin_object(j, NULL);
	json_integer(j, "index", s->index);
	json_string(j, "source", s->source);
	json_integer(j, "line", s->line);
	json_string(j, "word", s->word);
	json_string(j, "name", s->name);
	json_integer(j, "rows", s->rows);
	json_integer(j, "results", s->results);
	moment_json(j, "began", s->began_ms);
	json_integer(j, "elapsed_ms", (int64_t)s->elapsed_ms);
	json_string(j, "error", s->error != NULL ? s->error->text : NULL);
	json_end(j);
	return 0;
}

static int
json_file(void *arg, const struct run_file *f, struct err *e)
{
	struct json *j = &((struct reading *)arg)->json;

	(void)e;
	json_begin_object(j, NULL);
	json_string(j, "name", f->name);
	json_string(j, "path", f->path);
	json_integer(j, "rows", (int64_t)f->rows);
	json_integer(j, "bytes", (int64_t)f->bytes);
	json_string(j, "sha256", f->sha256);
	json_string(j, "kind", f->kind);
	json_bool(j, "skipped", f->skipped);
	json_integer(j, "content_bytes", (int64_t)f->content_bytes);
	json_string(j, "content_sha256", f->content_sha256);
	json_integer(j, "lossy", (int64_t)f->lossy);
	json_integer(j, "replaced", (int64_t)f->replaced);
	json_integer(j, "prefixed", (int64_t)f->prefixed);
	json_end(j);
	return 0;
}

static int
json_delivery(void *arg, const struct run_delivery *d, struct err *e)
{
	struct json *j = &((struct reading *)arg)->json;

	(void)e;
	json_begin_object(j, NULL);
	json_string(j, "target", d->target);
	json_string(j, "url", d->url);
	json_string(j, "name", d->name);
	json_string(j, "state", d->state);
	json_string(j, "stage", d->stage);
	json_string(j, "verified", d->verified);
	json_integer(j, "attempts", (int64_t)d->attempts);
	json_string(j, "by", d->by[0] != '\0' ? d->by : NULL);
	moment_json(j, "began", d->began_ms);
	json_string(j, "reply", d->reply);
	json_string(j, "tls", d->tls);
	json_integer(j, "bytes", (int64_t)d->bytes);
	json_integer(j, "elapsed_ms", (int64_t)d->elapsed_ms);
	json_string(j, "error", d->error != NULL ? d->error->text : NULL);
	json_end(j);
	return 0;
}

static int
json_decision(void *arg, int64_t at_ms, const char *text, struct err *e)
{
	struct json *j = &((struct reading *)arg)->json;

	(void)e;
	json_begin_object(j, NULL);
	moment_json(j, "at", at_ms);
	json_string(j, "text", text);
	json_end(j);
	return 0;
}

static int
json_environment(struct reading *r, int64_t run, struct err *e)
{
	struct buf text = BUF_INIT(HISTORY_MAX);
	struct buf difference = BUF_INIT(HISTORY_MAX);
	char *rest = NULL;
	int rc = ledger_get_environment(r->ledger, run, &text, e);

	if (rc == 0)
		rc = environment_put_difference(r->ledger, run, &difference, e);
	json_begin_object(&r->json, "surroundings");
	for (char *line = rc == 0 && text.length > 0 ?
		 strtok_r(text.data, "\n", &rest) :
		 NULL;
	     line != NULL; line = strtok_r(NULL, "\n", &rest)) {
		char *value = line + strcspn(line, "\t");

		if (*value != '\0')
			*value++ = '\0';
		json_string(&r->json, line, value);
	}
	json_end(&r->json);
	json_string(&r->json, "environment_difference",
	    difference.length > 0 ? buf_text(&difference) : NULL);
	buf_release(&text);
	buf_release(&difference);
	return rc;
}

static int
json_run(struct reading *r, const struct run_row *row, struct err *e)
{
	struct json *j = &r->json;
	bool failed = row->class_name[0] != '\0';

	json_begin_object(j, NULL);
	json_integer(j, "run", row->id);
	json_string(j, "job", row->job);
	json_string(j, "environment", row->environment);
	json_string(j, "date", row->date);
	json_string(j, "state", row->state);
	json_integer(j, "status", row->status);
	moment_json(j, "began", row->began_ms);
	moment_json(j, "ended", row->ended_ms);
	json_integer(j, "rows", (int64_t)row->rows);
	json_integer(j, "bytes", (int64_t)row->bytes);
	json_string(j, "dsn", row->dsn);
	json_string(j, "dbms", row->dbms);
	json_string(j, "driver", row->driver);
	json_string(j, "user", row->user);
	json_string(j, "host", row->host);
	json_string(j, "version", row->version);
	json_bool(j, "forced", row->forced);
	json_string(j, "class", failed ? row->class_name : NULL);
	json_string(j, "message", failed ? row->message : NULL);
	json_string(
	    j, "hint", failed && row->hint[0] != '\0' ? row->hint : NULL);
	json_string(
	    j, "sqlstate", row->sqlstate[0] != '\0' ? row->sqlstate : NULL);
	json_integer(j, "native", row->native);
	json_begin_array(j, "statements");
	if (ledger_each_statement(r->ledger, row->id, json_statement, r, e) < 0)
		return -1;
	json_end(j);
	if (guards_put_json(r->ledger, row->id, j, e) < 0)
		return -1;
	json_begin_array(j, "files");
	if (ledger_each_file(r->ledger, row->id, json_file, r, e) < 0)
		return -1;
	json_end(j);
	json_begin_array(j, "deliveries");
	if (ledger_each_delivery(r->ledger, row->id, json_delivery, r, e) < 0)
		return -1;
	json_end(j);
	json_begin_array(j, "decisions");
	if (outbox_each_decision(r->ledger, row->id, json_decision, r, e) < 0)
		return -1;
	json_end(j);
	if (r->detailed && json_environment(r, row->id, e) < 0)
		return -1;
	json_end(j);
	return 0;
}

static enum tone
state_tone(const char *state)
{
	if (strcmp(state, "shipped") == 0 || strcmp(state, "kept") == 0 ||
	    strcmp(state, "empty") == 0)
		return TONE_GOOD;
	if (strcmp(state, "failed") == 0 || strcmp(state, "held") == 0 ||
	    strcmp(state, "lost") == 0)
		return TONE_BAD;
	return TONE_WARN;
}

static void
line_run(const struct run_row *row)
{
	char began[CLOCK_TEXT], elapsed[32], rows[32], size[32], state[16];
	char job[256];

	clock_put_utc(began, row->began_ms);
	str_put_duration(elapsed, sizeof(elapsed),
	    row->ended_ms > 0 ? (uint64_t)(row->ended_ms - row->began_ms) : 0);
	str_put_count(rows, sizeof(rows), row->rows);
	str_put_size(size, sizeof(size), row->bytes);
	(void)snprintf(job, sizeof(job), "%s%s%s", row->job,
	    row->environment[0] != '\0' ? "." : "", row->environment);
	(void)snprintf(state, sizeof(state), "%-8s", row->state);
	printf("%5lld  %s  %-*s %s  ", (long long)row->id, began, WIDTH_JOB,
	    job, row->date);
	terminal_put(stdout, state_tone(row->state), state);
	printf(" %3d  %10s rows  %9s  %s\n", row->status, rows, size, elapsed);
}

static int
text_statement(void *arg, const struct run_statement *s, struct err *e)
{
	char elapsed[32];

	(void)arg;
	(void)e;
	str_put_duration(elapsed, sizeof(elapsed), s->elapsed_ms);
	printf("  statement %u  %s:%u  %s%s%s  %lld rows, %s%s%s\n", s->index,
	    s->source, s->line, s->word, s->name != NULL ? " named " : "",
	    s->name != NULL ? s->name : "", (long long)s->rows, elapsed,
	    s->error != NULL ? ": " : "",
	    s->error != NULL ? s->error->text : "");
	return 0;
}

static int
text_file(void *arg, const struct run_file *f, struct err *e)
{
	(void)arg;
	(void)e;
	if (f->skipped) {
		printf("  file %s  no rows: skipped\n", f->name);
		return 0;
	}
	if (strcmp(f->kind, "data") != 0) {
		printf("  %s %s  %llu bytes\n    sha256 %s\n    %s\n", f->kind,
		    f->name, (unsigned long long)f->bytes, f->sha256, f->path);
		return 0;
	}
	printf("  file %s  %llu rows, %llu bytes\n    sha256 %s\n    %s\n",
	    f->name, (unsigned long long)f->rows, (unsigned long long)f->bytes,
	    f->sha256, f->path);
	if (strcmp(f->sha256, f->content_sha256) != 0)
		printf("    of %llu bytes of CSV, sha256 %s\n",
		    (unsigned long long)f->content_bytes, f->content_sha256);
	if (f->lossy > 0)
		printf("    %llu values not exact\n",
		    (unsigned long long)f->lossy);
	if (f->replaced > 0)
		printf("    %llu characters replaced\n",
		    (unsigned long long)f->replaced);
	if (f->prefixed > 0)
		printf("    %llu texts with an apostrophe in front\n",
		    (unsigned long long)f->prefixed);
	return 0;
}

static int
text_delivery(void *arg, const struct run_delivery *d, struct err *e)
{
	char elapsed[32];

	(void)arg;
	(void)e;
	str_put_duration(elapsed, sizeof(elapsed), d->elapsed_ms);
	printf("  target %s  %s (%s) in %s\n    %s\n", d->target, d->state,
	    d->stage, elapsed, d->url);
	if (d->by[0] != '\0')
		printf("    by %s\n", d->by);
	if (d->attempts > 1)
		printf("    attempts: %llu\n", (unsigned long long)d->attempts);
	if (d->verified != NULL && strcmp(d->verified, "none") == 0)
		printf("    not verified: %llu bytes by the server's word\n",
		    (unsigned long long)d->bytes);
	else if (d->verified != NULL && d->verified[0] != '\0')
		printf("    verified by %s: %llu bytes\n", d->verified,
		    (unsigned long long)d->bytes);
	if (d->tls != NULL && d->tls[0] != '\0')
		printf("    %s\n", d->tls);
	if (d->reply != NULL && d->reply[0] != '\0')
		printf("    the server's last reply: %s\n", d->reply);
	if (d->error != NULL)
		printf("    %s\n", d->error->text);
	return 0;
}

static int
text_decision(void *arg, int64_t at_ms, const char *text, struct err *e)
{
	char at[CLOCK_TEXT];

	(void)arg;
	(void)e;
	clock_put_utc(at, at_ms);
	printf("  decision %s  %s\n", at, text);
	return 0;
}

/* The environment of a run, and what is otherwise than in the last success. */
static int
text_environment(struct reading *r, int64_t run, struct err *e)
{
	struct buf text = BUF_INIT(HISTORY_MAX);
	struct buf difference = BUF_INIT(HISTORY_MAX);
	char *rest = NULL;
	int rc = ledger_get_environment(r->ledger, run, &text, e);

	if (rc == 0)
		rc = environment_put_difference(r->ledger, run, &difference, e);
	if (rc == 0 && text.length > 0)
		printf("  environment\n");
	for (char *line = rc == 0 && text.length > 0 ?
		 strtok_r(text.data, "\n", &rest) :
		 NULL;
	     line != NULL; line = strtok_r(NULL, "\n", &rest)) {
		size_t n = strcspn(line, "\t");

		printf("    %.*s = %s\n", (int)n, line,
		    line[n] != '\0' ? line + n + 1 : "");
	}
	rest = NULL;
	for (char *line = rc == 0 && difference.length > 0 ?
		 strtok_r(difference.data, "\n", &rest) :
		 NULL;
	     line != NULL; line = strtok_r(NULL, "\n", &rest))
		printf("  %s\n", line);
	buf_release(&text);
	buf_release(&difference);
	return rc;
}

/* By whom and where it was run, and what it was connected to. */
static void
put_where(const struct run_row *row)
{
	printf("  by %s on %s, process %lld, odbcship %s%s\n", row->user,
	    row->host[0] != '\0' ? row->host : "?", (long long)row->pid,
	    row->version, row->forced ? ", --force" : "");
	if (row->ended_ms > 0) {
		char ended[CLOCK_TEXT];

		clock_put_utc(ended, row->ended_ms);
		printf("  ended %s\n", ended);
	}
	if (row->dsn[0] != '\0')
		printf("  DSN %s\n", row->dsn);
	if (row->dbms[0] != '\0')
		printf("  connected to %s by %s\n", row->dbms, row->driver);
	else
		printf("  it did not connect to a database\n");
}

static int
text_run(struct reading *r, const struct run_row *row, struct err *e)
{
	line_run(row);
	if (!r->detailed) {
		if (row->message[0] != '\0')
			printf("       %s\n", row->message);
		return 0;
	}
	put_where(row);
	if (ledger_each_statement(r->ledger, row->id, text_statement, r, e) <
		0 ||
	    guards_put_text(r->ledger, row->id, e) < 0 ||
	    ledger_each_file(r->ledger, row->id, text_file, r, e) < 0 ||
	    ledger_each_delivery(r->ledger, row->id, text_delivery, r, e) < 0 ||
	    outbox_each_decision(r->ledger, row->id, text_decision, r, e) < 0)
		return -1;
	if (row->message[0] != '\0')
		printf("  %s: %s\n", row->class_name, row->message);
	if (row->hint[0] != '\0')
		printf("  hint: %s\n", row->hint);
	return text_environment(r, row->id, e);
}

static int
on_run(void *arg, const struct run_row *row, struct err *e)
{
	struct reading *r = arg;

	r->n++;
	return r->as_json ? json_run(r, row, e) : text_run(r, row, e);
}

static bool
is_number(const char *text)
{
	return *text != '\0' && strspn(text, "0123456789") == strlen(text);
}

static int
take_times(const struct invocation *inv, struct run_filter *f, struct err *e)
{
	const char *since = invocation_value(inv, "since");
	const char *until = invocation_value(inv, "until");
	int64_t now_ms = clock_wall_ms();

	if (since != NULL && moment_parse(since, now_ms, &f->since_ms, e) < 0)
		return err_in(e, "--since");
	if (until != NULL && moment_parse(until, now_ms, &f->until_ms, e) < 0)
		return err_in(e, "--until");
	return 0;
}

static int
take_filter(const struct invocation *inv, struct run_filter *f, struct err *e)
{
	const char *limit = invocation_value(inv, "limit");
	int64_t n = HISTORY_RUNS;

	memset(f, 0, sizeof(*f));
	f->environment = invocation_value(inv, "env");
	if (inv->n_arguments > 1) {
		(void)err_set(e, ERR_USAGE, "one job or one run at a time");
		return err_hint(e, "See 'odbcship history --help'.");
	}
	if (inv->n_arguments == 1 && is_number(inv->arguments[0])) {
		if (str_integer(inv->arguments[0], &f->id, e) < 0)
			return -1;
	} else if (inv->n_arguments == 1)
		f->job = inv->arguments[0];
	if (limit != NULL &&
	    (str_integer(limit, &n, e) < 0 || n < 0 || n > UINT32_MAX)) {
		(void)err_set(e, ERR_USAGE, "--limit '%s' is no count", limit);
		return err_hint(e, "Write a whole number; 0 is all of them.");
	}
	f->limit = (unsigned)n;
	f->state = invocation_value(inv, "state");
	return take_times(inv, f, e);
}

/* 1 and the ledger, or 0 when there is none yet. */
static int
open_ledger(const struct invocation *inv, struct ledger **l, struct err *e)
{
	struct problems problems = PROBLEMS_INIT;
	char *state = overview_state(
	    invocation_value(inv, "config"), &problems, e);
	int rc = -1;

	if (state != NULL)
		rc = ledger_open_existing(l, state, e);
	else
		terminal_problems(&problems);
	free(state);
	problems_release(&problems);
	return rc;
}

/* A state that no run can have would look like good news. */
static int
check_state(const char *state, struct err *e)
{
	static const char *const states[] = { "running", "shipped", "kept",
		"held", "empty", "failed", "skipped", "lost" };
	enum { STATES = sizeof(states) / sizeof(states[0]) };
	const char *near;

	for (size_t i = 0; state == NULL || i < STATES; i++)
		if (state == NULL || strcmp(states[i], state) == 0)
			return 0;
	(void)err_set(e, ERR_USAGE, "--state '%s' is no state of a run", state);
	near = str_nearest(state, states, STATES);
	if (near != NULL)
		return err_hint(e, "Did you mean '%s'?", near);
	return err_hint(e,
	    "There are running, shipped, kept, held, empty, failed, skipped "
	    "and lost.");
}

static int
read_runs(struct reading *r, const struct run_filter *filter, struct err *e)
{
	struct buf out = BUF_INIT(HISTORY_MAX);
	int rc;

	json_init(&r->json, &out);
	if (r->as_json)
		json_begin_array(&r->json, NULL);
	rc = r->ledger != NULL ?
	    ledger_each_run(r->ledger, filter, on_run, r, e) :
	    0;
	if (rc == 0 && r->n == 0)
		rc = check_state(filter->state, e);
	if (rc == 0 && r->as_json) {
		json_end(&r->json);
		rc = json_finish(&r->json, e);
		if (rc == 0)
			printf("%s\n", buf_text(&out));
	}
	if (rc == 0 && r->n == 0 && filter->id != 0) {
		(void)err_set(e, ERR_USAGE, "there is no run %lld",
		    (long long)filter->id);
		rc = err_hint(e, "'odbcship history' lists the runs.");
	} else if (rc == 0 && r->n == 0 && !r->as_json)
		(void)fputs("no runs are recorded\n", stderr);
	buf_release(&out);
	return rc;
}

static int
run(const struct invocation *inv)
{
	struct reading r = { .as_json = invocation_has(inv, "json") };
	struct run_filter filter;
	struct err e = ERR_INIT;
	int rc = take_filter(inv, &filter, &e);

	r.detailed = filter.id != 0;
	if (rc == 0)
		rc = open_ledger(inv, &r.ledger, &e);
	if (rc >= 0)
		rc = read_runs(&r, &filter, &e);
	if (rc < 0)
		terminal_error(NULL, &e);
	ledger_free(r.ledger);
	return rc < 0 ? err_exit_status(&e) : 0;
}

const struct command command_history = {
	.name = "history",
	.summary = "Recorded runs; with a number one run with statements, "
		   "files, deliveries and environment.",
	.usage = "[options] [JOB | RUN]",
	.example = "odbcship history daily-orders",
	.options = option_rows,
	.run = run,
};
