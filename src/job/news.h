/*
 * news.h - what is told of a job besides how its runs end
 *
 * A run that was lost, and what happened to the ledger: whoever finds it, a
 * run or watch, tells it once. And whose turn it is to tell.
 *
 * Errors	of telling: none that reach the caller, all are logged
 */
#ifndef JOB_NEWS_H
#define JOB_NEWS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "spec/date.h"
#include "spec/spec.h"
#include "state/ledger.h"
#include "state/lock.h"

/* Of which job; all borrowed. */
struct news_place {
	const struct spec *spec; /* who is told: of the job or the main file */
	struct ledger *ledger;	 /* open for writing */
	const char *job;	 /* the job's name */
	const char *environment; /* "" for none */
};

/* Runs whose process is gone. */
struct news_lost {
	int64_t run;	      /* number of the last one; 0: there was none */
	char date[DATE_TEXT]; /* its logical date */
	unsigned n;	      /* how many there were */
};

/*
 * Record runs that still say "running" as lost: with the lock of the job held,
 * so that none of them runs. 0 whether or not there were any.
 */
int news_close_lost(const struct news_place *p, struct news_lost *lost,
    struct err *e) MUST_CHECK;
/* Log and tell them as a failure; is_retried: the caller runs the job now. */
void news_tell_lost(
    const struct news_place *p, const struct news_lost *lost, bool is_retried);
/* Tell what happened to the ledger, if nobody was told of it yet. */
void news_tell_ledger(const struct news_place *p);
/*
 * One process at a time tells of a job, and in the order in which its runs
 * ended: wait for the turn with the job's lock held, then let go of that one.
 * NULL when it takes too long: it is told all the same.
 */
struct lock *
news_take_turn(const char *state, const char *job, const char *environment);

/* Whether a name without a spec and without a run was never a job. */
bool news_is_mistyped(
    const struct spec_request *request, struct ledger *l, const char *job);

#endif
