/*
 * dirs.h - where state lives
 *
 * STATE/ledger.db, STATE/lock/JOB.ENV.lock, STATE/spool/JOB.ENV/RUN/NAME; all
 * directories 0700, made when missing.
 *
 * Errors	ERR_LOCAL
 * Source	design.md 3
 */
#ifndef STATE_DIRS_H
#define STATE_DIRS_H

#include <stdint.h>

#include "base/err.h"

/*
 * The state directory: $ODBCSHIP_STATE, else setting (may be NULL), else the
 * first of $STATE_DIRECTORY, else LOCALSTATEDIR/lib/odbcship for root, else
 * $XDG_STATE_HOME/odbcship, else $HOME/.local/state/odbcship. The caller
 * frees it. It is not made.
 */
char *dirs_state(const char *setting, struct err *e) MUST_CHECK;
/* Make the state directory with its lock and spool directories. */
int dirs_make(const char *state, struct err *e) MUST_CHECK;
/* STATE/lock; the caller frees it. */
char *dirs_lock(const char *state, struct err *e) MUST_CHECK;
/* "job.environment", or "job" when environment is ""; the caller frees it. */
char *
dirs_key(const char *job, const char *environment, struct err *e) MUST_CHECK;
/* Make STATE/spool/KEY/RUN; the caller frees the path. */
char *dirs_make_spool(
    const char *state, const char *key, int64_t run, struct err *e) MUST_CHECK;
/*
 * Remove the spool directories of key whose run's number is not kept by keep
 * (called with each number; true to keep). Failures are logged.
 */
void dirs_prune_spool(const char *state, const char *key,
    int (*keep)(void *arg, int64_t run), void *arg);

#endif
