/*
 * record.h - what a run wrote, made durable
 *
 * Its files, what checks came to, its range of rows and to whom the files go
 * are recorded together, so that from then on any process can finish it.
 *
 * Errors	those of the ledger; ERR_DATA when a check holds it
 */
#ifndef JOB_RECORD_H
#define JOB_RECORD_H

#include <stdbool.h>

#include "base/err.h"
#include "job/plan.h"
#include "job/run.h"
#include "state/ledger.h"

/* What is recorded. */
struct record_request {
	const struct plan *plan;     /* borrowed */
	struct ledger *ledger;	     /* borrowed */
	struct run_outcome *outcome; /* its files are given their numbers */
	bool no_ship;		     /* nothing is to be delivered */
};

/* Whether every file of the run was skipped. */
bool record_is_empty(const struct run_outcome *outcome);
/* Record all of it; a run that is held is recorded too. */
int record_run(const struct record_request *request, struct err *e) MUST_CHECK;

#endif
