/*
 * log.h - what happened, for operators
 *
 * Text on a terminal; without one the system's log as well: systemd's journal
 * with fields, or syslog where there is none. JSON lines where asked. Secrets
 * are redacted and control bytes escaped here, once. Never cell values. The
 * last lines are kept for whoever is told of a failure.
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

/* Where they go besides standard error; in the order of the setting "log". */
enum log_place {
	LOG_PLACE_AUTO,	   /* without a terminal: journal, or syslog */
	LOG_PLACE_STDERR,  /* nowhere */
	LOG_PLACE_SYSLOG,  /* syslog(3) */
	LOG_PLACE_JOURNAL, /* systemd's journal, or syslog without one */
};

/*
 * Start logging. level is the least severe that is shown on standard error;
 * the system's log gets info and above, when standard error is not a terminal
 * and the format is AUTO. Where standard error is the journal already
 * (JOURNAL_STREAM), what the journal gets with fields is not written to it.
 * Before log_open, warnings and errors go to standard error.
 */
void log_open(enum log_level level, enum log_format format);
/* Let them go elsewhere than by themselves. */
void log_send_to(enum log_place place);
/* Name the job, environment and run that the lines belong to; NULL for none. */
void log_context(const char *job, const char *environment, long long run);
/* And the logical date of that run. */
void log_context_date(const char *date);
/* Write one line at a severity. */
void log_write(enum log_level level, const char *fmt, ...) PRINTF_LIKE(2, 3);
/*
 * One line for the system's log alone, where that is in use: what was told to
 * standard error in another way.
 */
void log_record(enum log_level level, const char *fmt, ...) PRINTF_LIKE(2, 3);
/*
 * In a child process: hand each line, redacted, to put instead of writing it;
 * the parent writes it by log_write.
 */
void log_forward(
    void (*put)(void *arg, enum log_level level, const char *text), void *arg);
/*
 * Whether nobody reads standard error but a program: lines are JSON, or the
 * journal has them.
 */
bool log_is_machine(void);
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
/* In a child after fork(2): before its descriptors are closed. */
void log_leave(void);
/* Stop logging and release what it holds. */
void log_close(void);

#define log_error(...) log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...) log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
