/*
 * kept.h - a recorded run whose files are in the spool
 *
 * Read back from the ledger as run.c left it, with a plan of its own logical
 * date, so that its files can be delivered without the database.
 *
 * Shape	kept_load -> deliver_all -> kept_settle -> kept_release
 * Errors	those of the ledger; problems of the spec
 */
#ifndef JOB_KEPT_H
#define JOB_KEPT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "job/plan.h"
#include "job/run.h"
#include "state/ledger.h"

/* Such a run. */
struct kept {
	struct plan *plan;	    /* owned */
	struct run_outcome outcome; /* files and deliveries; owned */
	bool was_shipped;	    /* it stays so, whatever comes now */
	char in_doubt[256]; /* a target of which is not known whether it has
			     * a file, or "" */
};

/* Which one, and by which spec it is delivered. */
struct kept_request {
	const struct spec *spec; /* must outlive the plan */
	struct ledger *ledger;	 /* borrowed */
	int64_t run;		 /* its number */
	const char *date;	 /* its logical date */
	bool is_again;		 /* all deliveries, done or not, or never
				  * ordered, are to be made */
	const char *only;	 /* to this target alone; NULL: to all */
};

/*
 * Read it. The deliveries that the outcome is given are those to make, and
 * those that were made (is_before). What is owed to a target that the spec
 * has no more is dropped, and told.
 */
int kept_load(struct kept *k, const struct kept_request *request,
    struct err *e) MUST_CHECK;
/*
 * Record how the run stands after its deliveries: shipped when nothing is
 * owed, else failed. 1 when all was delivered that was tried, but not all of
 * the run; -1 with what failed.
 */
int kept_settle(struct kept *k, struct ledger *l, struct err *e) MUST_CHECK;
/* Free what it holds. */
void kept_release(struct kept *k);

#endif
