/*
 * standing.h - how the runs of each job stand, over many runs
 *
 * Units	times in milliseconds UTC
 * Errors	those of the ledger
 */
#ifndef STATE_STANDING_H
#define STATE_STANDING_H

#include "state/ledger.h"

/*
 * How the runs of a job in an environment stand. Of runs that count, skipped
 * ones (the lock was held) and kept ones (--no-ship) are none.
 */
struct standing {
	int64_t first_ms;   /* when the first recorded run began; 0: none */
	int64_t last;	    /* number of the last run that counts, else of
			     * the last one at all; 0: none */
	int64_t good;	    /* the last one that ended well; 0: none */
	int64_t good_ms;    /* when it ended */
	int64_t failing_ms; /* when the first failure since then began; or 0 */
	unsigned failures;  /* failures since then */
	unsigned skipped;   /* skipped runs since the last that counts */
	unsigned missing;   /* deliveries that all its runs still owe */
	unsigned unknown;   /* deliveries that a person must look at */
	int64_t first_missing; /* the oldest run of these; 0: none */
	unsigned held;	    /* held runs whose date nothing was shipped for */
	int64_t first_held; /* the oldest of these; 0: none */
};

/* Call put for each job and environment that has runs, by name. */
int standing_each_job(struct ledger *l,
    int (*put)(
	void *arg, const char *job, const char *environment, struct err *e),
    void *arg, struct err *e) MUST_CHECK;
/* How the runs of the key's job and environment stand. */
int standing_get(struct ledger *l, const struct run_key *key,
    struct standing *standing, struct err *e) MUST_CHECK;
/*
 * Whether the key's logical date was done: 1 when a run of it ended well and
 * was not just kept, 0 when none did.
 */
int standing_is_done(
    struct ledger *l, const struct run_key *key, struct err *e) MUST_CHECK;
/*
 * Forget runs of the key's job and environment that ended before a time, and
 * all that belongs to them, but not the last one that ended well; at most a
 * few hundred at a time. Returns how many.
 */
int standing_forget(struct ledger *l, const struct run_key *key,
    int64_t before_ms, struct err *e) MUST_CHECK;

#endif
