/*
 * check.h - prove that a file is worth sending
 *
 * What needs the database or the values is found out by the worker: not_null
 * and unique while the file is written (job/inspect.h), SQL checks behind the
 * batch. The supervisor adds what needs only counts, names and earlier runs,
 * records all of it, and decides. All checks that fail are told at once.
 *
 * Errors	ERR_DATA for a file that is held
 */
#ifndef JOB_CHECK_H
#define JOB_CHECK_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "job/plan.h"
#include "job/question.h"
#include "job/run.h"
#include "state/ledger.h"

/* Worker: ask the SQL checks and tell the supervisor how they came out. */
int checks_ask(const struct asker *a, struct err *e) MUST_CHECK;
/* Begin a result: "check" of that name, which is not passed yet. */
void check_begin(struct guard_result *r, const char *name);
/*
 * Log a gate where that is news (said holds what was logged last, GUARD_TEXT
 * bytes), and write the stage that it is.
 */
void check_tell_gate(
    const struct guard_result *gate, char *said, char *stage, size_t size);
/* Record the results that the worker told; a failure is logged. */
void
check_record(struct ledger *l, int64_t run, const struct export_result *result);
/* Apply all checks to the recorded file of the outcome, and record them. */
int check_file(const struct plan *p, struct ledger *l,
    const struct run_outcome *outcome, struct err *e) MUST_CHECK;

#endif
