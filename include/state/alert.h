/*
 * alert.h - what was told to whom, and what is still to be told
 *
 * One record for each job, environment and entry of notify: since when the
 * job is broken as this entry knows it, how often it failed, and a message
 * that could not be sent. In the ledger, so that repeats are counted and not
 * repeated, whatever process finds them.
 *
 * Shape	alert_load -> (decide, send) -> alert_save
 * Units	wall time in milliseconds, 0 for never
 * Errors	those of ledger.h
 */
#ifndef STATE_ALERT_H
#define STATE_ALERT_H

#include <stdint.h>

#include "base/err.h"
#include "state/ledger.h"

/* Which record; texts borrowed. */
struct alert_key {
	const char *job;	 /* the job's name */
	const char *environment; /* "" when it has none */
	const char *entry;	 /* name of the entry of notify */
};

/* A record; texts owned by it, NULL for none. */
struct alert {
	int64_t broken_ms;  /* when the first failure was; 0: it works */
	int64_t failures;   /* since then */
	int64_t told_ms;    /* when the failure was told last */
	int64_t late_ms;    /* the expected time that was told as missed */
	int64_t pending_ms; /* when the message below was tried first */
	int64_t attempts;   /* how often it was tried */
	char *pending;	    /* what it is: "failure", ...; NULL: none */
	char *subject;	    /* of the message */
	char *text;	    /* of the message */
	char *json;	    /* of the message */
};

#define ALERT_INIT \
	{ \
		.broken_ms = 0 \
	}

/* Read a record; one that is not there is a job that works. */
int alert_load(struct ledger *l, const struct alert_key *key, struct alert *a,
    struct err *e) MUST_CHECK;
/* Write it. */
int alert_save(struct ledger *l, const struct alert_key *key,
    const struct alert *a, struct err *e) MUST_CHECK;
/* Forget the message that could not be sent. */
void alert_drop_pending(struct alert *a);
/* Free the texts. */
void alert_release(struct alert *a);

#endif
