/*
 * earlier.h - finish what earlier runs of a job left
 *
 * Before a job runs, what its earlier runs wrote and did not deliver
 * everywhere is delivered, the oldest first, without the database: whether the
 * process was killed, the target was down, or the power went.
 *
 * Shape	earlier_finish -> earlier_block* -> earlier_release
 * Errors	those of the ledger; what failed at targets is in the items
 * Source	facts/shipping.md 5
 */
#ifndef JOB_EARLIER_H
#define JOB_EARLIER_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "job/kept.h"

/* One of these runs. */
struct earlier_item {
	int64_t run;	      /* its number */
	char date[DATE_TEXT]; /* logical date */
	bool is_loaded;	      /* kept is filled */
	bool is_given_up;     /* it is older than limits.keep */
	struct kept kept;     /* it, as it was left and delivered */
	struct err error;     /* ERR_NONE when it is shipped now */
};

/* All of them, the oldest first. */
struct earlier {
	struct earlier_item *items; /* owned */
	size_t n;		    /* how many */
};

#define EARLIER_INIT \
	{ \
		.items = NULL, .n = 0 \
	}

/* Whose runs, and how. */
struct earlier_request {
	const struct spec *spec;       /* must outlive what is found */
	const struct plan *plan;       /* of the run that begins */
	struct ledger *ledger;	       /* borrowed */
	const struct run_watch *watch; /* who listens */
	struct run_key key;	       /* of the run that begins */
	bool skips_key; /* runs of the same date will be superseded */
};

/* Deliver what is owed, record it, and say how each run stands then. */
int earlier_finish(struct earlier *earlier,
    const struct earlier_request *request, struct err *e) MUST_CHECK;
/* That of a logical date, or NULL. */
struct earlier_item *
earlier_find(const struct earlier *earlier, const char *date);
/* The first that failed, or NULL. */
const struct earlier_item *earlier_failed(const struct earlier *earlier);
/*
 * Mark deliveries of an outcome to targets where an earlier run must be
 * delivered first and cannot: they are not tried.
 */
void earlier_block(const struct earlier *earlier, struct run_outcome *outcome);
/* Free what it holds. */
void earlier_release(struct earlier *earlier);

#endif
