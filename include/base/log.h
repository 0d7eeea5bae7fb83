/*
 * log.h - what happened, for operators
 *
 * Text on a terminal, syslog without one, lines with a priority prefix under
 * systemd (JOURNAL_STREAM), JSON lines where asked. Secrets are redacted and
 * control bytes escaped here, once. Never cell values. The last lines are kept
 * for whoever is told of a failure.
 *
 * Shape	log_open once -> log_* -> log_close
 * Threads	any; a line is written by one call
 * Source	RFC 5424 severities, sd-daemon(3) prefixes
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

/* Severities, as in RFC 5424. */
enum log_level {
	LOG_LEVEL_ERROR = 3,   /* the run fails */
	LOG_LEVEL_WARNING = 4, /* it goes on, but somebody should look */
	LOG_LEVEL_INFO = 6,    /* a step of the run */
	LOG_LEVEL_DEBUG = 7    /* what a developer asks for */
};

/* The form of the lines. */
enum log_format { LOG_FORMAT_AUTO, LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

/*
 * Start logging. level is the least severe that is shown on standard error
 * (syslog gets info and above when standard error is not a terminal and the
 * format is AUTO). Before log_open, warnings and errors go to standard error.
 */
void log_open(enum log_level level, enum log_format format);
/* Name the job, environment and run that the lines belong to; NULL for none. */
void log_context(const char *job, const char *environment, long long run);
/* Write one line at a severity. */
void log_write(enum log_level level, const char *fmt, ...) PRINTF_LIKE(2, 3);
/*
 * One line for syslog alone, where it is in use: what was told to standard
 * error in another way.
 */
void log_record(enum log_level level, const char *fmt, ...) PRINTF_LIKE(2, 3);
/*
 * In a child process: hand each line, redacted, to put instead of writing it;
 * the parent writes it by log_write.
 */
void log_forward(
    void (*put)(void *arg, enum log_level level, const char *text), void *arg);
/* Whether lines are JSON. */
bool log_is_json(void);
/* What systemd wants before a line of a severity: "<3>"; else "". */
const char *log_prefix(enum log_level level);
/* Whether lines go to a terminal, so that a progress line must be cleared. */
bool log_is_terminal(void);
/* Called before a line is written to a terminal; NULL for none. */
void log_on_line(void (*clear)(void));
/*
 * Append the last lines at info and above since log_forget, however few of
 * them were shown: "2026-11-24T13:20:59Z info: text" each, redacted and
 * escaped.
 */
int log_put_tail(struct buf *out, struct err *e) MUST_CHECK;
/* Forget these lines: what follows belongs to another run. */
void log_forget(void);
/* Stop logging and release what it holds. */
void log_close(void);

#define log_error(...) log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...) log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
