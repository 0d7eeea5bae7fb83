/*
 * deliver.h - finished files to their targets, each recorded
 *
 * Targets are served at the same time, by a process each (courier.h); one
 * target gets the files of one run after the other, in the order in which
 * they were made.
 *
 * Errors	of the ledger and of the processes; those of targets are in the
 *		outcomes
 */
#ifndef JOB_DELIVER_H
#define JOB_DELIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "job/plan.h"
#include "job/run.h"
#include "state/ledger.h"

/* A run of which something is delivered. */
struct consignment {
	const struct plan *plan;     /* borrowed; of its logical date */
	struct run_outcome *outcome; /* its files and deliveries; borrowed */
};

/* How it is delivered, and where that is recorded. */
struct delivery_order {
	struct ledger *ledger;	       /* borrowed */
	const struct run_watch *watch; /* who listens */
	const char *by;	     /* who does it, where it is not the run */
	bool checks_content; /* the files are of an earlier process */
};

/*
 * Put a delivery of each file to each target of the plan into the outcome,
 * none of which is tried yet.
 */
int deliver_prepare(const struct plan *plan, struct run_outcome *outcome,
    struct err *e) MUST_CHECK;
/*
 * Deliver what the outcomes of the consignments, the oldest first, have not
 * delivered, and put what came of it there. The first file that fails ends
 * the deliveries to its target, and where that would fail for all, those of
 * later runs too; other targets are still served. -1 only when it cannot be
 * recorded.
 */
int deliver_all(const struct delivery_order *order, struct consignment *list,
    size_t n, struct err *e) MUST_CHECK;
/*
 * Mark deliveries of an outcome to targets at which an earlier run could not
 * be delivered, in a way that may pass or would be the same for any file: they
 * wait, and are not tried.
 */
void
deliver_block(const struct run_outcome *earlier, struct run_outcome *outcome);
/* Whether all was delivered: 0, else -1 with the first error; the others are
 * logged. */
int deliver_result(const struct run_outcome *outcome, struct err *e) MUST_CHECK;

#endif
