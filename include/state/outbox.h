/*
 * outbox.h - which file is owed to which target
 *
 * Once the files of a run are worth sending, a delivery is ordered for each
 * file and target, in the transaction that records the files. From then on
 * they are owed until they are delivered, whatever happens to the process:
 * the next run finishes what this one leaves. Each attempt is a row of its
 * own, begun before anything is sent; the last row of a file and target says
 * how it stands.
 *
 *	pending		ordered, nothing was sent
 *	sending		being sent, or its process was killed
 *	failed		tried, and owed still
 *	delivered	done
 *	unknown		it may be there: a person must look
 *	broken-off	its process was killed; another row follows
 *	superseded	a later run of the same date took its place
 *	dropped		the job has no such target any more
 *	expired		given up after limits.keep
 *
 * Errors	as ledger.h
 * Source	facts/shipping.md 5
 */
#ifndef STATE_OUTBOX_H
#define STATE_OUTBOX_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "state/ledger.h"

/* A run that owes something; texts are borrowed while it is handed out. */
struct outbox_run {
	int64_t run;	   /* its number */
	const char *date;  /* logical date */
	const char *shard; /* of the key */
	int64_t began_ms;  /* wall time */
};

/* How much of a job is not where it should be. */
struct outbox_sum {
	unsigned deliveries; /* owed: files times targets */
	unsigned runs;	     /* that owe them */
	unsigned unknown;    /* deliveries that a person must look at */
	int64_t first;	     /* the oldest run of all these; 0: none */
};

/* Order the delivery of all files of a run to each of the targets. */
int outbox_order(struct ledger *l, int64_t run, const char *const *targets,
    size_t n, struct err *e) MUST_CHECK;
/* Call put for each run of the key's job and environment that owes. */
int outbox_each_run(struct ledger *l, const struct run_key *key,
    int (*put)(void *arg, const struct outbox_run *run, struct err *e),
    void *arg, struct err *e) MUST_CHECK;
/* Call put for the last row of each file and target of a run, by file. */
int outbox_each_delivery(struct ledger *l, int64_t run,
    int (*put)(void *arg, const struct run_delivery *d, struct err *e),
    void *arg, struct err *e) MUST_CHECK;
/*
 * Record that a delivery begins, before anything is sent; the number of its
 * row goes to *delivery.
 */
int outbox_begin(struct ledger *l, int64_t file, const struct run_delivery *d,
    int64_t *delivery, struct err *e) MUST_CHECK;
/* Record that a step of it is about to be taken. */
int outbox_step(struct ledger *l, int64_t delivery, const char *stage,
    struct err *e) MUST_CHECK;
/* Record how it ended. */
int outbox_end(struct ledger *l, int64_t delivery, const struct run_delivery *d,
    struct err *e) MUST_CHECK;
/*
 * What is owed of a run, to one target or to all (NULL), gets another state,
 * and is owed no more. Returns how many.
 */
int outbox_close(struct ledger *l, int64_t run, const char *target,
    const char *state, struct err *e) MUST_CHECK;
/* The same for all other runs of a run's own key: "superseded". */
int outbox_supersede(struct ledger *l, int64_t run, struct err *e) MUST_CHECK;
/* Whether a run owes nothing and nothing of it is unknown: 1 or 0. */
int outbox_is_done(struct ledger *l, int64_t run, struct err *e) MUST_CHECK;
/*
 * The run of a key of which a delivery is unknown: 1, its number in *run and
 * the target, or 0.
 */
int outbox_find_unknown(struct ledger *l, const struct run_key *key,
    int64_t *run, char target[256], struct err *e) MUST_CHECK;
/* What the key's job and environment owe in all. */
int outbox_count(struct ledger *l, const struct run_key *key,
    struct outbox_sum *sum, struct err *e) MUST_CHECK;
/* Record what a person ("ann on db1") decided about a run. */
int outbox_decide(struct ledger *l, int64_t run, const char *who,
    const char *text, struct err *e) MUST_CHECK;
/* Call put for each decision about a run, in order. */
int outbox_each_decision(struct ledger *l, int64_t run,
    int (*put)(void *arg, int64_t at_ms, const char *text, struct err *e),
    void *arg, struct err *e) MUST_CHECK;

#endif
