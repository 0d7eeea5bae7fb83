/*
 * watermark.h - which rows are new since the last file that was shipped
 *
 * The supervisor says from where (watermark_begin), the worker asks the
 * database up to where, and what both came to is recorded with the run. The
 * ledger takes it over when the run is recorded as shipped, in the same
 * transaction (state/watermark.h).
 *
 * Errors	those of the ledger and of the database
 */
#ifndef JOB_WATERMARK_H
#define JOB_WATERMARK_H

#include "base/err.h"
#include "job/plan.h"
#include "job/question.h"
#include "state/ledger.h"

/*
 * Say from where this run exports: from where the last shipped run ended. A
 * logical date that was shipped, or may have been in part, has its range for
 * good: it is exported again from and to the same values.
 */
int watermark_begin(struct plan *p, struct ledger *l, const struct run_key *key,
    struct err *e) MUST_CHECK;
/* The same from the initial value on, whatever was shipped: to look only. */
int watermark_begin_anew(struct plan *p, struct err *e) MUST_CHECK;
/* Record the range that the run's file has, before anything is shipped. */
int watermark_record(struct ledger *l, int64_t run, const struct plan *p,
    const struct export_result *result, struct err *e) MUST_CHECK;
/* Worker: ask up to where, and bind both. Does nothing without a watermark. */
int watermark_read(const struct asker *a, struct err *e) MUST_CHECK;
/* Worker: tell the supervisor what is bound. */
int watermark_tell(const struct asker *a, struct err *e) MUST_CHECK;

#endif
