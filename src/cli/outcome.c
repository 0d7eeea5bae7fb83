/*
 * outcome.c - what came of a run, said to people and programs
 *
 * A line on a terminal, a JSON line on standard output, a short paragraph on
 * standard error when it failed. The run itself is job/run.c's or
 * job/resend.c's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "cli/outcome.h"
#include "cli/terminal.h"
#include "ship/ship.h"

enum { JSON_MAX = 16 * 1024 * 1024 };

static void
json_delivery(struct json *j, const struct run_delivery_outcome *d)
{
	json_begin_object(j, NULL);
	json_string(j, "target", d->target);
	json_string(j, "name", d->file->name);
	json_string(j, "url", d->receipt.url);
	json_string(j, "stage", ship_stage_name(d->receipt.stage));
	json_string(j, "verified", d->receipt.verified);
	json_integer(j, "attempts", (int64_t)d->receipt.attempts);
	json_integer(j, "bytes", (int64_t)d->receipt.bytes);
	json_string(j, "tls", d->receipt.tls);
	json_integer(j, "elapsed_ms", (int64_t)d->receipt.elapsed_ms);
	json_string(
	    j, "error", d->error.class != ERR_NONE ? d->error.text : NULL);
	json_end(j);
}

static void
json_file(struct json *j, const struct run_file_outcome *f)
{
	json_begin_object(j, NULL);
	json_string(j, "name", f->name);
	json_string(j, "kind", f->kind);
	json_string(j, "path", f->path);
	json_integer(j, "bytes", (int64_t)f->bytes);
	json_string(j, "sha256", f->path != NULL ? f->sha256 : NULL);
	if (f->data != NULL) {
		json_integer(j, "rows", (int64_t)f->data->rows);
		json_bool(j, "skipped", f->data->skipped);
		json_integer(
		    j, "content_bytes", (int64_t)f->data->content_bytes);
		json_string(j, "content_sha256",
		    f->path != NULL ? f->data->content_sha256 : NULL);
	}
	json_end(j);
}

void
outcome_json_error(struct json *j, const struct err *error)
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

/* A run that was owed when this one began. */
static void
json_earlier(struct json *j, const struct run_earlier *earlier)
{
	bool failed = earlier->error.class != ERR_NONE;

	json_begin_object(j, NULL);
	json_integer(j, "run", earlier->run);
	json_string(j, "date", earlier->date);
	json_bool(j, "delivered", !failed);
	json_string(j, "error", failed ? earlier->error.text : NULL);
	json_end(j);
}

void
outcome_put_json(const struct run_outcome *o, const struct err *error)
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
	json_integer(&j, "rows", (int64_t)export_rows(&o->result));
	json_integer(&j, "bytes", (int64_t)export_bytes(&o->result));
	json_integer(&j, "elapsed_ms", (int64_t)o->elapsed_ms);
	if (o->state == RUN_ALREADY)
		json_integer(&j, "shipped_by_run", o->shipped_run);
	json_begin_array(&j, "files");
	for (size_t i = 0; i < o->n_files; i++)
		json_file(&j, &o->files[i]);
	json_end(&j);
	json_begin_array(&j, "deliveries");
	for (size_t i = 0; i < o->n_deliveries; i++)
		json_delivery(&j, &o->deliveries[i]);
	json_end(&j);
	json_begin_array(&j, "earlier");
	for (size_t i = 0; i < o->n_earlier; i++)
		json_earlier(&j, &o->earlier[i]);
	json_end(&j);
	outcome_json_error(&j, error);
	json_string(&j, "environment_difference", o->difference);
	json_end(&j);
	if (json_finish(&j, &e) == 0)
		printf("%s\n", buf_text(&out));
	else
		terminal_error(o->job, &e);
	(void)fflush(stdout);
	buf_release(&out);
}

/* What a target has of a file that failed, as far as it is known. */
static const char *
delivery_aftermath(const struct run_delivery_outcome *d)
{
	switch (d->receipt.stage) {
	case SHIP_NOTHING:
	case SHIP_SKIPPED:
		return NULL;
	case SHIP_UPLOADING:
	case SHIP_UPLOADED:
		return d->receipt.is_direct ?
		    "a part may be left at '%s' under the final name: look "
		    "there" :
		    "a part may be left at '%s' under its temporary name";
	case SHIP_RENAMING:
		return "whether '%s' has it under its final name is not known: "
		       "look there before it is sent again";
	case SHIP_PUBLISHED:
	case SHIP_VERIFIED:
		break;
	}
	return "'%s' has it under its final name, but that is not verified: "
	       "look there before it is sent again";
}

static bool
may_be_there(const struct run_delivery_outcome *d)
{
	return d->error.class == ERR_NONE ||
	    d->receipt.stage >= SHIP_RENAMING ||
	    (d->receipt.is_direct && d->receipt.stage >= SHIP_UPLOADING);
}

static int
put_part(struct buf *out, const char *text, const char *target, struct err *e)
{
	int before = (int)strcspn(text, "%");

	return buf_printf(out, e, "%s%.*s%s%s", out->length > 0 ? "; " : "",
	    before, text, target, text + before + 2);
}

/* What one target has, whose deliveries stand from *i on; moves *i on. */
static int
put_target(
    struct buf *out, const struct run_outcome *o, size_t *i, struct err *e)
{
	const char *target = o->deliveries[*i].target, *text = NULL;
	size_t all = run_count_files(o), n = run_count_delivered(o, i);
	const struct run_delivery_outcome *last = &o->deliveries[*i - 1];

	if (n == all)
		return put_part(out, "delivered to '%s'", target, e);
	if (last->error.class != ERR_NONE)
		text = delivery_aftermath(last);
	if (n > 0 &&
	    buf_printf(out, e, "%s%zu of %zu files are delivered to '%s'",
		out->length > 0 ? "; " : "", n, all, target) < 0)
		return -1;
	return text != NULL ? put_part(out, text, target, e) : 0;
}

static int
put_deliveries(struct buf *out, const struct run_outcome *o, struct err *e)
{
	bool any = false;
	int rc = 0;

	for (size_t i = 0; i < o->n_deliveries; i++)
		any = any || may_be_there(&o->deliveries[i]);
	if (!any)
		rc = buf_puts(out, "nothing was shipped", e);
	for (size_t i = 0; rc == 0 && i < o->n_deliveries;)
		rc = put_target(out, o, &i, e);
	return rc;
}

/* Where the files are that were finished. */
static int
put_kept(struct buf *out, const struct run_outcome *o, struct err *e)
{
	char *path = run_kept_path(o, e);
	bool is_one = run_count_files(o) == 1;
	int rc = -1;

	if (path != NULL)
		rc = buf_printf(out, e, "; the file%s kept as run %lld%s %s",
		    is_one ? " is" : "s are", (long long)o->run,
		    is_one ? ":" : " in", path);
	free(path);
	return rc;
}

/* What state things are in after a failure. */
static void
put_aftermath(const struct run_outcome *o)
{
	struct buf out = BUF_INIT(JSON_MAX);
	struct err e = ERR_INIT;
	int rc = put_deliveries(&out, o, &e);

	if (rc == 0 && run_count_files(o) > 0 && o->files[0].id != 0)
		rc = put_kept(&out, o, &e);
	else if (rc == 0 && o->run != 0)
		rc = buf_printf(
		    &out, &e, "; recorded as run %lld", (long long)o->run);
	if (rc == 0 && o->owner[0] != '\0')
		rc = buf_printf(&out, &e, "; owner: %s", o->owner);
	if (rc == 0 && o->runbook[0] != '\0')
		rc = buf_printf(&out, &e, "; runbook: %s", o->runbook);
	if (rc == 0)
		terminal_more(buf_text(&out));
	else
		terminal_error(o->job, &e);
	buf_release(&out);
}

static void
put_difference(const struct run_outcome *o)
{
	char *rest = NULL;
	char *line = o->difference != NULL ?
	    strtok_r(o->difference, "\n", &rest) :
	    NULL;

	for (; line != NULL; line = strtok_r(NULL, "\n", &rest))
		terminal_more(line);
}

void
outcome_put_failure(const struct run_outcome *o, const struct err *error)
{
	if (o->problems.n > 0)
		terminal_problems(&o->problems);
	if (o->problems.errors == 0)
		terminal_error(o->job, error);
	put_aftermath(o);
	put_difference(o);
}

/* "orders.csv", or how many of them. */
static void
put_files(const struct run_outcome *o)
{
	size_t n = o->result.n_files;

	if (n == 1)
		(void)fprintf(stderr, " %s", o->result.files[0].name);
	else
		(void)fprintf(stderr, " %zu files", n);
}

static void
put_targets(const struct run_outcome *o)
{
	const char *last = NULL;

	for (size_t i = 0; i < o->n_deliveries; i++) {
		const char *target = o->deliveries[i].target;

		if (last == NULL || strcmp(last, target) != 0)
			(void)fprintf(stderr, "%s%s",
			    last == NULL ? ", to " : ", ", target);
		last = target;
	}
}

/* Runs before it that are delivered now. */
static void
put_earlier(const struct run_outcome *o)
{
	for (size_t i = 0; i < o->n_earlier; i++)
		if (o->earlier[i].run != o->run &&
		    o->earlier[i].error.class == ERR_NONE)
			(void)fprintf(stderr,
			    "%s: run %lld for %s is delivered now as well\n",
			    o->job, (long long)o->earlier[i].run,
			    o->earlier[i].date);
}

/* One line for a person; nothing without a terminal. */
void
outcome_put_success(const struct run_outcome *o)
{
	char rows[32], size[32], elapsed[32];

	str_put_count(rows, sizeof(rows), export_rows(&o->result));
	str_put_size(size, sizeof(size), export_bytes(&o->result));
	str_put_duration(elapsed, sizeof(elapsed), o->elapsed_ms);
	(void)fprintf(stderr, "%s: ", o->job);
	if (o->state == RUN_ALREADY) {
		(void)fprintf(stderr,
		    "%s was shipped already, by run %lld "
		    "(--force runs it again)\n",
		    o->date, (long long)o->shipped_run);
		put_earlier(o);
		return;
	}
	terminal_put(stderr, TONE_GOOD, run_state_name(o->state));
	put_files(o);
	(void)fprintf(stderr, ", %s rows, %s", rows, size);
	put_targets(o);
	(void)fprintf(stderr, " (run %lld, %s)\n", (long long)o->run, elapsed);
	put_earlier(o);
}
