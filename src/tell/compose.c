/*
 * compose.c - what is told, as a subject, a text and JSON
 *
 * The text answers in order: what happened, why, what to do, how to try
 * again, since when; then the log. Wrapping it into a mail is mail.c's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/redact.h"
#include "base/str.h"
#include "compose.h"

enum {
	TEXT_BYTES = 256 * 1024,
	SUBJECT_BYTES = 200,
	STARS = 64, /* room for redaction, which may make a text longer */
	COLUMN = 14 /* where the values of the text stand */
};

const char *
message_kind_name(enum tell_kind kind)
{
	static const char *const names[] = {
		[TELL_NOTHING] = "nothing",
		[TELL_FAILURE] = "failure",
		[TELL_REMINDER] = "reminder",
		[TELL_RECOVERY] = "recovery",
		[TELL_SUCCESS] = "success",
		[TELL_ABSENCE] = "late",
		[TELL_SKIP] = "skip",
		[TELL_NOTE] = "note",
		[TELL_TEST] = "test",
	};

	return names[kind];
}

static bool
is_set(const char *text)
{
	return text != NULL && *text != '\0';
}

/* How long it was broken, counted to the event. */
static uint64_t
broken_for(const struct tell_event *event, const struct alert *a)
{
	int64_t since = a->broken_ms > 0 ? a->broken_ms : a->late_ms;

	return since > 0 && event->now_ms > since ?
	    (uint64_t)(event->now_ms - since) :
	    0;
}

static int
put_name(struct buf *out, const struct tell_event *event, struct err *e)
{
	return is_set(event->environment) ?
	    buf_printf(out, e, "%s (%s)", event->job, event->environment) :
	    buf_puts(out, event->job, e);
}

/* "1 failed run", "3 failed runs" */
static int
put_failures(struct buf *out, int64_t n, struct err *e)
{
	return buf_printf(
	    out, e, "%lld failed run%s", (long long)n, n == 1 ? "" : "s");
}

/* What happened, behind the job's name: the end of subject and first line. */
static int
put_news(struct buf *out, enum tell_kind kind, const struct tell_event *event,
    const struct alert *a, struct err *e)
{
	char span[32], count[32], at[CLOCK_TEXT];

	str_put_duration(span, sizeof(span), broken_for(event, a));
	str_put_count(count, sizeof(count), event->rows);
	clock_put_utc(at, event->expected_ms);
	switch (kind) {
	case TELL_FAILURE:
		return buf_puts(out, " failed", e);
	case TELL_REMINDER:
		return buf_printf(out, e, " still fails since %s (%lld runs)",
		    span,
		    (long long)a->failures + (event->outcome == TELL_FAILED));
	case TELL_RECOVERY:
		if (a->failures == 0)
			return buf_printf(out, e, " runs again, %s late", span);
		if (buf_printf(out, e, " works again after %s (", span) < 0 ||
		    put_failures(out, a->failures, e) < 0)
			return -1;
		return buf_puts(out, ")", e);
	case TELL_SUCCESS:
		return buf_printf(out, e, " shipped %s, %s rows",
		    is_set(event->file) ? event->file : "its file", count);
	case TELL_ABSENCE:
		return buf_printf(out, e, " is late: it was due at %s", at);
	case TELL_SKIP:
		return buf_puts(out, " was skipped", e);
	case TELL_NOTE:
		return buf_puts(out, " met trouble with the ledger", e);
	case TELL_TEST:
	case TELL_NOTHING:
		break;
	}
	return buf_puts(out, ": this is a test", e);
}

/* The beginning of n bytes that ends with a whole character. */
static void
cut(struct buf *b, size_t n)
{
	if (b->length <= n)
		return;
	while (n > 0 && ((unsigned char)b->data[n] & 0xc0) == 0x80)
		n--;
	b->data[n] = '\0';
	b->length = n;
}

static int
put_subject(struct buf *out, enum tell_kind kind,
    const struct tell_event *event, const struct alert *a, struct err *e)
{
	bool has_reason = event->error != NULL &&
	    (kind == TELL_FAILURE || kind == TELL_REMINDER ||
		kind == TELL_SKIP || kind == TELL_NOTE);

	if (buf_puts(out, "odbcship: ", e) < 0 || put_name(out, event, e) < 0 ||
	    put_news(out, kind, event, a, e) < 0)
		return -1;
	return has_reason ? buf_printf(out, e, ": %s", event->error->text) : 0;
}

/* "What to do:   Check it." */
static int
put_line(struct buf *out, const char *label, const char *value, struct err *e)
{
	if (!is_set(value))
		return 0;
	return buf_printf(out, e, "%-*s %s\n", COLUMN, label, value);
}

/* A block of lines below a heading, each with an indent. */
static int
put_block(
    struct buf *out, const char *heading, const char *lines, struct err *e)
{
	int rc = 0;

	if (!is_set(lines))
		return 0;
	rc = buf_printf(out, e, "\n%s\n", heading);
	while (rc == 0 && *lines != '\0') {
		size_t n = strcspn(lines, "\n");

		rc = buf_printf(out, e, "  %.*s\n", (int)n, lines);
		lines += n + (lines[n] == '\n');
	}
	return rc;
}

static int
put_error(struct buf *out, const struct tell_event *event, struct err *e)
{
	const struct err *error = event->error;
	char status[64];

	if (error == NULL)
		return 0;
	(void)snprintf(
	    status, sizeof(status), "%d (%s)", event->status, err_name(error));
	if (put_line(out, "Why:", error->text, e) < 0 ||
	    put_line(out, "What to do:", error->hint, e) < 0 ||
	    (event->status != 0 &&
		put_line(out, "Exit status:", status, e) < 0))
		return -1;
	return 0;
}

static int
put_since(struct buf *out, const struct alert *a, struct err *e)
{
	char at[CLOCK_TEXT];

	if (a->broken_ms == 0)
		return 0;
	clock_put_utc(at, a->broken_ms);
	if (buf_printf(out, e, "%-*s %s, ", COLUMN, "Broken since:", at) < 0 ||
	    put_failures(out, a->failures, e) < 0)
		return -1;
	return buf_puts(out, " before this one\n", e);
}

static int
put_result(struct buf *out, const struct tell_event *event, struct err *e)
{
	char rows[32], size[32], span[32];

	if (event->outcome != TELL_SUCCEEDED)
		return 0;
	str_put_count(rows, sizeof(rows), event->rows);
	str_put_size(size, sizeof(size), event->bytes);
	str_put_duration(span, sizeof(span), event->elapsed_ms);
	if (put_line(out, "File:", event->file, e) < 0 ||
	    put_line(out, "Rows:", rows, e) < 0 ||
	    put_line(out, "Size:", size, e) < 0 ||
	    put_line(out, "Delivered to:", event->targets, e) < 0 ||
	    put_line(out, "Took:", span, e) < 0)
		return -1;
	return 0;
}

static int
put_about(struct buf *out, const struct tell_event *event, struct err *e)
{
	char run[96] = "";

	if (event->run != 0)
		(void)snprintf(run, sizeof(run),
		    "%lld (odbcship history %lld shows all of it)",
		    (long long)event->run, (long long)event->run);
	if (put_line(out, "Job:", event->job, e) < 0 ||
	    put_line(out, "What for:", event->description, e) < 0 ||
	    put_line(out, "Environment:", event->environment, e) < 0 ||
	    put_line(out, "Logical date:", event->date, e) < 0 ||
	    put_line(out, "Run:", run, e) < 0 ||
	    put_line(out, "Host:", event->host, e) < 0 ||
	    put_line(out, "Owner:", event->owner, e) < 0 ||
	    put_line(out, "Runbook:", event->runbook, e) < 0)
		return -1;
	return 0;
}

static int
put_text(struct buf *out, enum tell_kind kind, const struct tell_event *event,
    const struct alert *a, struct err *e)
{
	bool is_bad = event->outcome == TELL_FAILED;

	if (put_name(out, event, e) < 0 ||
	    put_news(out, kind, event, a, e) < 0 ||
	    buf_puts(out, ".\n\n", e) < 0 || put_error(out, event, e) < 0 ||
	    put_line(out, "State:", event->aftermath, e) < 0 ||
	    put_line(out, "Try again:", event->again, e) < 0 ||
	    (is_bad && put_since(out, a, e) < 0) ||
	    put_result(out, event, e) < 0 || put_about(out, event, e) < 0)
		return -1;
	if (!is_bad)
		return 0;
	if (put_block(out, "All that is wrong with the job spec:",
		event->problems, e) < 0 ||
	    put_block(out, "The environment:", event->changes, e) < 0 ||
	    put_block(out, "The last lines of its log:", event->log, e) < 0)
		return -1;
	return 0;
}

static void
json_error(struct json *j, const struct err *error)
{
	if (error == NULL) {
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
json_time(struct json *j, const char *key, int64_t wall_ms)
{
	char at[CLOCK_TEXT];

	clock_put_utc(at, wall_ms);
	json_string(j, key, wall_ms != 0 ? at : NULL);
}

static void
json_job(struct json *j, const struct tell_event *event)
{
	json_string(j, "job", event->job);
	json_string(j, "environment", event->environment);
	json_string(j, "date", event->date);
	json_string(j, "description", event->description);
	json_string(j, "owner", event->owner);
	json_string(j, "runbook", event->runbook);
	json_string(j, "host", event->host);
}

static int
put_json(struct buf *out, const struct message *m, enum tell_kind kind,
    const struct tell_event *event, const struct alert *a)
{
	struct err ignored = ERR_INIT;
	struct json j;

	json_init(&j, out);
	json_begin_object(&j, NULL);
	json_string(&j, "kind", message_kind_name(kind));
	json_string(&j, "subject", m->subject);
	json_string(&j, "text", m->text);
	json_job(&j, event);
	json_integer(&j, "run", event->run);
	json_string(&j, "state", event->state);
	json_integer(&j, "status", event->status);
	json_time(&j, "time", event->now_ms);
	json_time(&j, "broken_since", a->broken_ms);
	json_integer(&j, "failures", a->failures);
	json_time(&j, "expected", event->expected_ms);
	json_error(&j, event->error);
	json_string(&j, "aftermath", event->aftermath);
	json_string(&j, "again", event->again);
	json_string(&j, "file", event->file);
	json_integer(&j, "rows", (int64_t)event->rows);
	json_integer(&j, "bytes", (int64_t)event->bytes);
	json_integer(&j, "elapsed_ms", (int64_t)event->elapsed_ms);
	json_string(&j, "environment_changes", event->changes);
	json_string(&j, "log", event->log);
	json_end(&j);
	return json_finish(&j, &ignored);
}

/* Redact, cut at max bytes, and hand over. */
static int
settle(struct buf *b, size_t max, char **text, struct err *e)
{
	if (buf_reserve(b, STARS, e) < 0)
		return -1;
	redact_text(b->data, b->length + STARS);
	b->length = strlen(b->data);
	cut(b, max);
	*text = buf_take(b);
	return *text != NULL ? 0 : err_set(e, ERR_INTERNAL, "out of memory");
}

int
message_build(struct message *m, enum tell_kind kind,
    const struct tell_event *event, const struct alert *a, struct err *e)
{
	struct buf out = BUF_INIT(TEXT_BYTES);
	int rc = -1;

	*m = (struct message)MESSAGE_INIT;
	m->job = event->job;
	if (put_subject(&out, kind, event, a, e) < 0 ||
	    settle(&out, SUBJECT_BYTES, &m->subject, e) < 0 ||
	    put_text(&out, kind, event, a, e) < 0 ||
	    settle(&out, TEXT_BYTES, &m->text, e) < 0)
		goto out;
	if (put_json(&out, m, kind, event, a) < 0) {
		(void)err_set(e, ERR_INTERNAL, "the message is too long");
		goto out;
	}
	m->json = buf_take(&out);
	rc = 0;
out:
	buf_release(&out);
	if (rc < 0)
		message_release(m);
	return rc;
}

void
message_release(struct message *m)
{
	free(m->subject);
	free(m->text);
	free(m->json);
	*m = (struct message)MESSAGE_INIT;
}
