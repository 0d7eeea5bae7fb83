/*
 * environment.h - what a run's outcome may depend on besides its job
 *
 * Variables, user, limits, the files that the driver manager reads, drivers,
 * the data source, versions of libraries: kept in the ledger with each run, so
 * that a failure can be told together with what is otherwise than in the last
 * run that went well. What may be a secret is never in it, only that it is
 * set.
 *
 * Shape	environment_take -> environment_record; environment_compare
 * Owns		texts are appended to the caller's buffers: a line for each
 *		item, its name, a tab, its value
 * Errors	ERR_INTERNAL, ERR_LOCAL; those of the ledger
 * Source	facts/shipping.md 6
 */
#ifndef JOB_ENVIRONMENT_H
#define JOB_ENVIRONMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "odbc/session.h"
#include "state/ledger.h"

/* Most bytes of one environment; most items of it that are told. */
enum { ENVIRONMENT_MAX = 256 * 1024, ENVIRONMENT_TOLD = 10 };

/* What is asked for. */
struct environment_request {
	const struct session_options *source; /* or NULL: no data source */
	bool as_cron; /* as it would be under cron, not as it is */
};

/* Append the environment as it is now; asked in a child process. */
int environment_take(struct buf *out, const struct environment_request *request,
    struct err *e) MUST_CHECK;
/*
 * Append how one environment differs from an earlier one, a line for each
 * item: "  NAME: now 'X', then 'Y'". At most max lines, then one that says how
 * many there are more. Returns how many items differ. now and then are the
 * words used.
 */
int environment_compare(struct buf *out, const char *text, const char *earlier,
    const char *const words[2], struct err *e) MUST_CHECK;
/*
 * Append how the environment of a run differs from that of the last success of
 * its job and environment: a line that says so, and one for each item. Nothing
 * when there is no difference, or nothing to compare with. For the message, the
 * record and the notification of a failed run.
 */
int environment_put_difference(
    struct ledger *l, int64_t run, struct buf *out, struct err *e) MUST_CHECK;
/* Make the environment of this process that of cron; before exec or in a child
 * process only. */
void environment_become_bare(void);

#endif
