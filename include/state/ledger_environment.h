/*
 * ledger_environment.h - in which environment each run ran
 *
 * What is in the text is job/environment.h's.
 *
 * Errors	as state/ledger.h
 */
#ifndef STATE_LEDGER_ENVIRONMENT_H
#define STATE_LEDGER_ENVIRONMENT_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "state/ledger.h"

/*
 * Record the environment of a run: a text of lines, kept once for all runs
 * that have the same.
 */
int ledger_put_environment(
    struct ledger *l, int64_t run, const char *text, struct err *e) MUST_CHECK;
/* Append what was recorded so; nothing for a run without it. */
int ledger_get_environment(
    struct ledger *l, int64_t run, struct buf *text, struct err *e) MUST_CHECK;
/*
 * The last run before this one, of the same job and environment, that ended
 * with status 0: 1 and its number in *success, or 0.
 */
int ledger_find_success(
    struct ledger *l, int64_t run, int64_t *success, struct err *e) MUST_CHECK;

#endif
