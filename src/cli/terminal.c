/*
 * terminal.c - what a person at a terminal sees besides the data
 *
 * One progress line on standard error, drawn at most ten times a second and
 * taken away before anything else is printed. Not for: logging (base/log.h).
 */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/redact.h"
#include "base/str.h"
#include "cli/terminal.h"

enum {
	PROGRESS_EVERY_MS = 100,
	PROGRESS_TEXT = 200,
	PROGRESS_WIDTH = 80, /* of a terminal that does not tell */
	LINE_MAX_BYTES = 4096
};

static enum { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER } color_when;

/* The progress line. */
static struct {
	bool shown;    /* on: standard error is a terminal */
	bool drawn;    /* something stands on the line */
	bool shipping; /* bytes of total, else rows */
	char stage[PROGRESS_TEXT];
	uint64_t rows, bytes; /* of the file */
	uint64_t done, total; /* of the transfer */
	uint64_t began_ms;    /* of the stage */
	uint64_t drawn_ms;    /* last */
} progress;

int
terminal_set_color(const char *when)
{
	if (strcmp(when, "auto") == 0)
		color_when = COLOR_AUTO;
	else if (strcmp(when, "always") == 0)
		color_when = COLOR_ALWAYS;
	else if (strcmp(when, "never") == 0)
		color_when = COLOR_NEVER;
	else
		return -1;
	return 0;
}

static bool
has_color(FILE *to)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	if (color_when != COLOR_AUTO)
		return color_when == COLOR_ALWAYS;
	if (no_color != NULL && *no_color != '\0')
		return false;
	return term != NULL && strcmp(term, "dumb") != 0 &&
	    isatty(fileno(to)) == 1;
}

void
terminal_put(FILE *to, enum tone tone, const char *text)
{
	static const char *const codes[] = {
		[TONE_PLAIN] = "",
		[TONE_GOOD] = "32",
		[TONE_BAD] = "31",
		[TONE_WARN] = "33",
		[TONE_FAINT] = "2",
		[TONE_STRONG] = "1",
	};

	if (tone == TONE_PLAIN || !has_color(to))
		(void)fputs(text, to);
	else
		(void)fprintf(to, "\033[%sm%s\033[0m", codes[tone], text);
}

static void
clear_line(void)
{
	if (!progress.drawn)
		return;
	(void)fputs("\r\033[K", stderr);
	(void)fflush(stderr);
	progress.drawn = false;
}

/* Untrusted text on a terminal: redacted, control bytes escaped. */
static void
put_clean(FILE *to, enum tone tone, const char *text)
{
	struct buf clean = BUF_INIT(8 * LINE_MAX_BYTES);
	struct err e = ERR_INIT;
	char copy[LINE_MAX_BYTES];

	(void)snprintf(copy, sizeof(copy), "%s", text);
	redact_text(copy, sizeof(copy));
	if (str_escape(&clean, copy, strlen(copy), &e) == 0)
		terminal_put(to, tone, buf_text(&clean));
	buf_release(&clean);
}

static void
put_hint(const struct err *e)
{
	if (e->hint[0] == '\0')
		return;
	(void)fputs(log_prefix(LOG_LEVEL_WARNING), stderr);
	terminal_put(stderr, TONE_STRONG, "hint: ");
	put_clean(stderr, TONE_PLAIN, e->hint);
	(void)fputc('\n', stderr);
}

/* A paragraph of one error or warning, or a line of JSON or syslog. */
static void
put_paragraph(enum log_level level, const char *text, const struct err *e)
{
	bool is_error = level == LOG_LEVEL_ERROR;
	const char *between = e->hint[0] != '\0' ? " hint: " : "";

	clear_line();
	if (log_is_machine()) {
		log_write(level, "%s%s%s", text, between, e->hint);
		return;
	}
	log_record(level, "%s%s%s", text, between, e->hint);
	(void)fputs(log_prefix(level), stderr);
	terminal_put(stderr, is_error ? TONE_BAD : TONE_WARN,
	    is_error ? "odbcship: " : "odbcship: warning: ");
	put_clean(stderr, TONE_PLAIN, text);
	(void)fputc('\n', stderr);
	put_hint(e);
}

void
terminal_error(const char *subject, const struct err *e)
{
	char text[LINE_MAX_BYTES];

	(void)snprintf(text, sizeof(text), "%s%s%s",
	    subject != NULL ? subject : "",
	    subject != NULL && *subject != '\0' ? ": " : "", e->text);
	put_paragraph(LOG_LEVEL_ERROR, text, e);
}

void
terminal_problems(const struct problems *problems)
{
	char text[LINE_MAX_BYTES];

	for (size_t i = 0; i < problems->n; i++) {
		const struct problem *p = &problems->items[i];

		problem_put(p, text, sizeof(text));
		put_paragraph(
		    p->is_warning ? LOG_LEVEL_WARNING : LOG_LEVEL_ERROR, text,
		    &p->error);
	}
}

void
terminal_more(const char *text)
{
	clear_line();
	if (log_is_machine()) {
		log_error("%s", text);
		return;
	}
	log_record(LOG_LEVEL_ERROR, "%s", text);
	(void)fputs(log_prefix(LOG_LEVEL_ERROR), stderr);
	put_clean(stderr, TONE_PLAIN, text);
	(void)fputc('\n', stderr);
}

static void
put_rows(char *text, size_t size)
{
	uint64_t ms = clock_monotonic_ms() - progress.began_ms;
	char rows[32], bytes[32], rate[32], elapsed[32];

	str_put_duration(elapsed, sizeof(elapsed), ms);
	if (progress.rows == 0) {
		(void)snprintf(text, size, ", %s", elapsed);
		return;
	}
	str_put_count(rows, sizeof(rows), progress.rows);
	str_put_size(bytes, sizeof(bytes), progress.bytes);
	str_put_count(
	    rate, sizeof(rate), progress.rows * 1000 / (ms > 0 ? ms : 1));
	(void)snprintf(text, size, ": %s rows, %s, %s rows/s, %s", rows, bytes,
	    rate, elapsed);
}

static void
put_shipped(char *text, size_t size)
{
	uint64_t ms = clock_monotonic_ms() - progress.began_ms;
	char total[32], rate[32];

	str_put_size(total, sizeof(total), progress.total);
	str_put_size(
	    rate, sizeof(rate), progress.done * 1000 / (ms > 0 ? ms : 1));
	(void)snprintf(text, size, ": %u %% of %s, %s/s",
	    (unsigned)(progress.total > 0 ?
		    progress.done * 100 / progress.total :
		    100),
	    total, rate);
}

/* A line that wraps could not be taken away again. */
static int
line_width(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col < 2)
		return PROGRESS_WIDTH - 1;
	return size.ws_col - 1;
}

/*
 * The stage gives way to the numbers, which are ASCII; it is cut to whole
 * characters, each taken to be a column wide.
 */
static void
put_line(const char *numbers)
{
	int left = line_width() - (int)strlen(numbers);
	const char *at = progress.stage;

	while (*at != '\0' && left > 0) {
		at++;
		while (((unsigned char)*at & 0xc0) == 0x80)
			at++;
		left--;
	}
	(void)fprintf(stderr, "\r\033[K%.*s%.*s", (int)(at - progress.stage),
	    progress.stage, line_width(), numbers);
	(void)fflush(stderr);
}

static void
draw(void)
{
	uint64_t now = clock_monotonic_ms();
	char text[PROGRESS_TEXT];

	if (!progress.shown || now - progress.drawn_ms < PROGRESS_EVERY_MS)
		return;
	if (progress.shipping)
		put_shipped(text, sizeof(text));
	else
		put_rows(text, sizeof(text));
	put_line(text);
	progress.drawn = true;
	progress.drawn_ms = now;
}

static void
on_stage(void *arg, const char *text)
{
	(void)arg;
	(void)snprintf(progress.stage, sizeof(progress.stage), "%s", text);
	for (char *c = progress.stage; *c != '\0'; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?'; /* it is part of a file's name */
	progress.began_ms = clock_monotonic_ms();
	progress.drawn_ms = 0;
	progress.rows = progress.bytes = 0;
	progress.shipping = false;
	draw();
}

void
progress_rows(void *arg, uint64_t rows, uint64_t bytes)
{
	(void)arg;
	progress.rows = rows;
	progress.bytes = bytes;
	draw();
}

static void
on_shipped(void *arg, uint64_t done, uint64_t total)
{
	(void)arg;
	progress.shipping = true;
	progress.done = done;
	progress.total = total;
	draw();
}

void
progress_tick(void *arg)
{
	(void)arg;
	draw();
}

void
progress_begin(bool wanted)
{
	memset(&progress, 0, sizeof(progress));
	progress.shown = wanted && isatty(STDERR_FILENO) == 1;
	progress.began_ms = clock_monotonic_ms();
	log_on_line(clear_line);
}

const struct run_watch *
progress_watch(void)
{
	static const struct run_watch watch = {
		.stage = on_stage,
		.rows = progress_rows,
		.shipped = on_shipped,
		.tick = progress_tick,
	};

	return &watch;
}

void
progress_end(void)
{
	clear_line();
	progress.shown = false;
	log_on_line(NULL);
}
