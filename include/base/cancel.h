/*
 * cancel.h - signals and the deadline, turned into one question
 *
 * cancel_install() routes SIGINT, SIGTERM and SIGHUP to a flag and a pipe (the
 * only work done in the handler); one that is ignored already stays ignored.
 * Whoever waits polls cancel_fd(); whoever works asks cancel_is_due(). A second
 * signal of the same kind ends the process at once.
 *
 * Units	milliseconds of clock_monotonic_ms()
 * Errors	cancel_check: ERR_SIGNAL (native: signal), or ERR_NOT_NOW when
 *		the deadline passed
 */
#ifndef BASE_CANCEL_H
#define BASE_CANCEL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/*
 * After a signal all is to be over within 20 s (design.md 4): when the last
 * thing must be done, and how long one that waits for others may take.
 */
enum { CANCEL_END_MS = 18 * 1000, CANCEL_STEP_MS = 5 * 1000 };

/* Install the handlers; once a process. */
int cancel_install(struct err *e) MUST_CHECK;
/* Readable when a signal came; -1 before cancel_install. */
int cancel_fd(void);
/* Set the moment when the run's time is up; 0 for none. limit_ms is told. */
void cancel_set_deadline(uint64_t at_ms, uint64_t limit_ms);
/* Milliseconds left until the deadline; UINT64_MAX when there is none. */
uint64_t cancel_left_ms(void);
/* Whether a signal came or the deadline passed. */
bool cancel_is_due(void);
/* 0 while work may go on; else -1 with the reason. */
int cancel_check(struct err *e) MUST_CHECK;
/*
 * Milliseconds left of CANCEL_END_MS since a signal was first seen; UINT64_MAX
 * while none came.
 */
uint64_t cancel_grace_ms(void);
/* Let a signal have the handler SIG_IGN or SIG_DFL. */
void cancel_set_action(int number, void (*handler)(int));
/*
 * In a child process after fork that is to end in its own time: signals are
 * the parent's business from here on, who passes one on by cancel_pass. The
 * deadline stays.
 */
int cancel_follow(struct err *e) MUST_CHECK;
/* Pass the signal that came, or SIGTERM, on to such a child. */
void cancel_pass(pid_t child);
/* Back to the default actions: for a child process after fork. */
void cancel_uninstall(void);

#endif
