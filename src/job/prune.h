/*
 * prune.h - what is kept of runs, and for how long
 *
 * Files in the spool for limits.keep, records for limits.history.
 */
#ifndef JOB_PRUNE_H
#define JOB_PRUNE_H

#include <stdint.h>

#include "job/plan.h"
#include "state/ledger.h"

/* Whose runs. */
struct prune_request {
	struct ledger *ledger;	 /* borrowed */
	const char *state;	 /* the state directory */
	const char *key;	 /* "job.environment" */
	const struct plan *plan; /* for prune_old */
	int64_t run; /* that stays whatever its age; for prune_old */
};

/* Remove what runs that were lost had not finished. */
void prune_lost(const struct prune_request *request);
/* Remove what is older than the limits. */
void prune_old(const struct prune_request *request);

#endif
