/*
 * deliver.h - the finished file to every target, each recorded
 *
 * Errors	the first target's that failed; the others are logged
 */
#ifndef JOB_DELIVER_H
#define JOB_DELIVER_H

#include <stdint.h>

#include "base/err.h"
#include "job/plan.h"
#include "job/run.h"
#include "state/ledger.h"

/* What is delivered, and where it is recorded. */
struct delivery_order {
	const struct plan *plan;       /* borrowed */
	struct ledger *ledger;	       /* borrowed */
	int64_t file;		       /* its number in the ledger */
	const struct run_watch *watch; /* who listens */
};

/*
 * Deliver outcome's file to all targets of the plan, going on after a failure,
 * and put what came of each into the outcome.
 */
int deliver_all(const struct delivery_order *order, struct run_outcome *outcome,
    struct err *e) MUST_CHECK;

#endif
