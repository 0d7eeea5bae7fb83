/*
 * deliver.h - the finished files to every target, each recorded
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
	const struct run_watch *watch; /* who listens */
};

/*
 * Deliver the outcome's files, which are recorded, to all targets of the plan,
 * and put what came of each into the outcome. The first file that fails ends
 * the deliveries to its target; the other targets are still served.
 */
int deliver_all(const struct delivery_order *order, struct run_outcome *outcome,
    struct err *e) MUST_CHECK;

#endif
