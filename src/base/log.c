/*
 * log.c - one line per event, to where operators look
 *
 * A line is composed whole and written with one write(2). What is printed at
 * the end of a failed run is not a log line: see cli/terminal.h.
 */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/journal.h"
#include "base/json.h"
#include "base/log.h"
#include "base/redact.h"
#include "base/str.h"

enum {
	LOG_TEXT_MAX = 4096,
	LOG_LINE_MAX = 64 * 1024,
	TAIL_LINES = 20, /* design.md 4: a run has fewer at info */
	TAIL_BYTES = 512 /* of a line that is kept */
};

static struct {
	bool open;
	bool terminal;	      /* standard error is one */
	bool journal;	      /* systemd reads standard error */
	bool fields;	      /* the journal gets records with fields */
	bool syslog;	      /* syslog gets lines */
	enum log_level level; /* least severe that is shown */
	enum log_format format;
	char job[128];
	char environment[128];
	char date[32];
	long long run;
	void (*clear)(void); /* takes the progress line away */
	/* Where lines go instead, or NULL. */
	void (*put)(void *arg, enum log_level level, const char *text);
	void *put_arg;
} state = { .level = LOG_LEVEL_WARNING };

/* The last lines, in a ring. */
static struct {
	struct {
		int64_t at_ms; /* wall time */
		enum log_level level;
		char text[TAIL_BYTES];
	} lines[TAIL_LINES];
	size_t
	    n; /* lines that were ever put; the next goes to n % TAIL_LINES */
} tail;

/* systemd names its socket; a file or terminal in its place is none. */
static bool
is_journal(void)
{
	const char *name = getenv("JOURNAL_STREAM");
	char ours[64];
	struct stat st;

	if (name == NULL || fstat(STDERR_FILENO, &st) < 0)
		return false;
	(void)snprintf(ours, sizeof(ours), "%ju:%ju", (uintmax_t)st.st_dev,
	    (uintmax_t)st.st_ino);
	return strcmp(name, ours) == 0;
}

/*
 * By itself: without a terminal somebody must be able to look later. Lines of
 * a format that was asked for are read where they are written.
 */
static enum log_place
choose(enum log_place place)
{
	bool is_needed = !state.terminal && state.format == LOG_FORMAT_AUTO;

	if (place == LOG_PLACE_AUTO && is_needed)
		place = LOG_PLACE_JOURNAL;
	if (place != LOG_PLACE_JOURNAL || journal_is_there())
		return place;
	return state.journal ? LOG_PLACE_STDERR : LOG_PLACE_SYSLOG;
}

void
log_send_to(enum log_place place)
{
	place = choose(place);
	state.fields = place == LOG_PLACE_JOURNAL;
	state.syslog = place == LOG_PLACE_SYSLOG;
	if (state.syslog)
		openlog("odbcship", LOG_PID, LOG_DAEMON);
}

void
log_open(enum log_level level, enum log_format format)
{
	state.level = level;
	state.format = format;
	state.terminal = isatty(STDERR_FILENO) == 1;
	state.journal = format == LOG_FORMAT_AUTO && is_journal();
	log_send_to(LOG_PLACE_AUTO);
	state.open = true;
}

/* Whether the journal gets as records what else it would get as lines. */
static bool
is_recorded(void)
{
	return state.journal && state.fields;
}

void
log_context(const char *job, const char *environment, long long run)
{
	(void)snprintf(
	    state.job, sizeof(state.job), "%s", job != NULL ? job : "");
	(void)snprintf(state.environment, sizeof(state.environment), "%s",
	    environment != NULL ? environment : "");
	state.run = run;
	state.date[0] = '\0';
}

void
log_context_date(const char *date)
{
	(void)snprintf(state.date, sizeof(state.date), "%s", date);
}

static const char *
level_name(enum log_level level)
{
	switch (level) {
	case LOG_LEVEL_ERROR:
		return "error";
	case LOG_LEVEL_WARNING:
		return "warning";
	case LOG_LEVEL_INFO:
		return "info";
	case LOG_LEVEL_DEBUG:
		break;
	}
	return "debug";
}

static int
put_json(
    struct buf *line, enum log_level level, const char *text, struct err *e)
{
	char now[CLOCK_TEXT];
	struct json j;

	clock_put_utc(now, clock_wall_ms());
	json_init(&j, line);
	json_begin_object(&j, NULL);
	json_string(&j, "time", now);
	json_string(&j, "level", level_name(level));
	if (state.job[0] != '\0')
		json_string(&j, "job", state.job);
	if (state.environment[0] != '\0')
		json_string(&j, "environment", state.environment);
	if (state.run != 0)
		json_integer(&j, "run", state.run);
	if (state.date[0] != '\0')
		json_string(&j, "date", state.date);
	json_string(&j, "message", text);
	json_end(&j);
	return json_finish(&j, e);
}

static int
put_text(
    struct buf *line, enum log_level level, const char *text, struct err *e)
{
	int rc;

	if (state.journal)
		rc = buf_printf(line, e, "<%d>", (int)level);
	else if (level == LOG_LEVEL_INFO)
		rc = buf_puts(line, "odbcship: ", e);
	else
		rc = buf_printf(line, e, "odbcship: %s: ", level_name(level));
	if (rc == 0 && !state.terminal && state.job[0] != '\0')
		rc = buf_printf(line, e, "%s%s%s: ", state.job,
		    state.environment[0] != '\0' ? "." : "", state.environment);
	return rc < 0 ? -1 : str_escape(line, text, strlen(text), e);
}

static void
write_line(enum log_level level, const char *text)
{
	struct buf line = BUF_INIT(LOG_LINE_MAX);
	struct err e = ERR_INIT;
	int rc = state.format == LOG_FORMAT_JSON ?
	    put_json(&line, level, text, &e) :
	    put_text(&line, level, text, &e);

	if (rc == 0 && buf_put(&line, "\n", 1, &e) == 0) {
		if (state.terminal && state.clear != NULL)
			state.clear();
		if (write(STDERR_FILENO, line.data, line.length) < 0)
			rc = -1; /* nobody is left to be told */
	}
	buf_release(&line);
}

/* "daily.prod: ", unless the text begins with the job already. */
static void
put_subject(char *subject, size_t size, const char *text)
{
	size_t n = strlen(state.job);

	if (n > 0 && strncmp(text, state.job, n) == 0 && text[n] == ':') {
		subject[0] = '\0';
		return;
	}
	(void)snprintf(subject, size, "%s%s%s%s", state.job,
	    state.environment[0] != '\0' ? "." : "", state.environment,
	    state.job[0] != '\0' ? ": " : "");
}

/* Syslog has no fields of a program's own, so they stand at the end. */
static void
write_syslog(enum log_level level, const char *text)
{
	char subject[300], run[64] = "";

	put_subject(subject, sizeof(subject), text);
	if (state.run != 0)
		(void)snprintf(run, sizeof(run), " run=%lld%s%s", state.run,
		    state.date[0] != '\0' ? " date=" : "", state.date);
	syslog((int)level, "%s%s%s", subject, text, run);
}

/* Names that are never changed: somebody looks for them. */
static int
send_fields(enum log_level level, const char *text, struct err *e)
{
	struct buf message = BUF_INIT(LOG_LINE_MAX);
	char subject[300], priority[16], run[32] = "";
	int rc;

	put_subject(subject, sizeof(subject), text);
	(void)snprintf(priority, sizeof(priority), "%d", (int)level);
	if (state.run != 0)
		(void)snprintf(run, sizeof(run), "%lld", state.run);
	rc = buf_printf(&message, e, "%s%s", subject, text);
	if (rc == 0) {
		const struct journal_field fields[] = {
			{ "MESSAGE", buf_text(&message) },
			{ "PRIORITY", priority },
			{ "SYSLOG_IDENTIFIER", "odbcship" },
			{ "SYSLOG_FACILITY", "3" }, /* daemon, RFC 5424 */
			{ "ODBCSHIP_JOB", state.job },
			{ "ODBCSHIP_ENVIRONMENT", state.environment },
			{ "ODBCSHIP_RUN", run },
			{ "ODBCSHIP_DATE", state.date },
		};

		rc = journal_send(
		    fields, sizeof(fields) / sizeof(fields[0]), e);
	}
	buf_release(&message);
	return rc;
}

/* A line for the system's log; it is not lost when the journal is. */
static void
write_system(enum log_level level, const char *text)
{
	struct buf line = BUF_INIT(LOG_LINE_MAX);
	struct err e = ERR_INIT;

	if (str_escape(&line, text, strlen(text), &e) == 0 &&
	    (!state.fields || send_fields(level, buf_text(&line), &e) < 0))
		write_syslog(level, buf_text(&line));
	buf_release(&line);
}

/* Keep a redacted line. */
static void
keep(enum log_level level, const char *text)
{
	size_t at = tail.n++ % TAIL_LINES;

	tail.lines[at].at_ms = clock_wall_ms();
	tail.lines[at].level = level;
	(void)snprintf(
	    tail.lines[at].text, TAIL_BYTES, "%.*s", TAIL_BYTES - 1, text);
}

int
log_put_tail(struct buf *out, struct err *e)
{
	size_t first = tail.n > TAIL_LINES ? tail.n - TAIL_LINES : 0;
	char at[CLOCK_TEXT];

	for (size_t i = first; i < tail.n; i++) {
		const char *text = tail.lines[i % TAIL_LINES].text;

		clock_put_utc(at, tail.lines[i % TAIL_LINES].at_ms);
		if (buf_printf(out, e, "%s %s: ", at,
			level_name(tail.lines[i % TAIL_LINES].level)) < 0 ||
		    str_escape(out, text, strlen(text), e) < 0 ||
		    buf_puts(out, "\n", e) < 0)
			return -1;
	}
	return 0;
}

void
log_forget(void)
{
	tail.n = 0;
}

void
log_write(enum log_level level, const char *fmt, ...)
{
	char text[2 * LOG_TEXT_MAX];
	va_list ap;

	if (level > state.level && level > LOG_LEVEL_INFO)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	redact_text(text, sizeof(text));
	text[LOG_TEXT_MAX] = '\0'; /* only now: no part of a secret stays */
	if (state.put != NULL) {
		state.put(state.put_arg, level, text);
		return;
	}
	if (level <= LOG_LEVEL_INFO)
		keep(level, text);
	if (level <= state.level && !is_recorded())
		write_line(level, text);
	if ((state.syslog && level <= LOG_LEVEL_INFO) ||
	    (state.fields && (level <= LOG_LEVEL_INFO || is_recorded())))
		write_system(level, text);
}

void
log_record(enum log_level level, const char *fmt, ...)
{
	char text[LOG_TEXT_MAX];
	va_list ap;

	if (!state.syslog && !state.fields)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	redact_text(text, sizeof(text));
	write_system(level, text);
}

void
log_forward(
    void (*put)(void *arg, enum log_level level, const char *text), void *arg)
{
	state.put = put;
	state.put_arg = arg;
}

bool
log_is_machine(void)
{
	return state.format == LOG_FORMAT_JSON || is_recorded();
}

const char *
log_prefix(enum log_level level)
{
	if (!state.journal)
		return "";
	return level == LOG_LEVEL_ERROR ? "<3>" : "<4>";
}

bool
log_is_terminal(void)
{
	return state.terminal;
}

void
log_on_line(void (*clear)(void))
{
	state.clear = clear;
}

/* Syslog's descriptor would be another file's; a record has none. */
void
log_leave(void)
{
	if (!state.syslog)
		return;
	closelog();
	openlog("odbcship", LOG_PID, LOG_DAEMON);
}

void
log_close(void)
{
	if (state.syslog)
		closelog();
	memset(&state, 0, sizeof(state));
	log_forget();
	state.level = LOG_LEVEL_WARNING;
}
