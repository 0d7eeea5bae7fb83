/*
 * due.h - which logical dates of a schedule have no run that ended well
 *
 * Shape	expect_from -> due_find -> due_release
 * Units	wall time in milliseconds, UTC
 * Errors	those of the ledger and of the time zone
 * Source	design.md 3 (schedule)
 */
#ifndef JOB_DUE_H
#define JOB_DUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "spec/schedule.h"
#include "spec/spec.h"
#include "state/ledger.h"

/* What a job's spec says of when it is expected. */
struct expectation {
	bool is_set;		  /* whether there is a schedule at all */
	struct schedule schedule; /* when */
	const char *zone;	  /* in which time zone, or NULL; borrowed */
	int64_t grace_ms;	  /* schedule.grace */
	int64_t back_ms;	  /* how far back a date can be missing */
};

/* A logical date that is missing. */
struct due {
	int64_t expected_ms;  /* when it was first expected */
	char date[DATE_TEXT]; /* as in the ledger */
};

/* Those that are missing, oldest first. */
struct due_list {
	struct due *items; /* owned */
	size_t n;	   /* how many */
	bool is_cut;	   /* there are more, newer ones */
};

#define DUE_LIST_INIT \
	{ \
		NULL, 0, false \
	}

/* Take the expectation from a spec. */
int expect_from(
    struct expectation *x, const struct spec *s, struct err *e) MUST_CHECK;
/* What is looked for. */
struct due_question {
	struct ledger *ledger;		    /* borrowed; NULL: no runs yet */
	struct run_key key;		    /* job and environment */
	const struct expectation *expected; /* borrowed */
	int64_t since_ms; /* where there is no run: what is expected after
			   * it; 0: only the last expected time */
	int64_t until_ms; /* what was expected until then */
};

/*
 * Find what is missing since the first recorded run, and not longer ago than
 * the expectation looks back.
 */
int due_find(const struct due_question *q, struct due_list *list,
    struct err *e) MUST_CHECK;
/*
 * What is missing of a job until now, the grace not waited for. Everything
 * that is wrong with the spec goes to problems, as in spec_load; without a
 * schedule it is an error too.
 */
int due_of_job(const struct spec_request *request, struct due_list *list,
    struct problems *problems, struct err *e) MUST_CHECK;
/* Free and be empty. */
void due_release(struct due_list *list);

#endif
