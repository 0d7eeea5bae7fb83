/*
 * tell.h - tell the right people, once, and never change what happened
 *
 * Each entry of notify tells in one way or several: mail, sendmail, webhook,
 * command. A failure is told when the job was well before, and again only
 * when the entry wants to be reminded; recovery is told once, with how long
 * it took. What could not be told is logged, recorded, and tried again at the
 * next occasion. After a signal all of it is over within CANCEL_END_MS
 * (base/cancel.h); what is not told by then is kept as well. A ping is of
 * another kind: it goes out for each run.
 *
 * Shape	tell_start -> (the run) -> tell_end
 * Errors	none that reach the caller: all are logged as warnings
 * Source	design.md 4
 */
#ifndef TELL_TELL_H
#define TELL_TELL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "spec/problem.h"
#include "spec/spec.h"
#include "state/alert.h"
#include "tell/event.h"

/* What is told, besides pings. */
enum tell_kind {
	TELL_NOTHING,  /* silence */
	TELL_FAILURE,  /* it is broken */
	TELL_REMINDER, /* and still is */
	TELL_RECOVERY, /* it works again */
	TELL_SUCCESS,  /* it works, as always */
	TELL_ABSENCE,  /* it did not run */
	TELL_SKIP,     /* nothing was done */
	TELL_NOTE,     /* something happened to the ledger */
	TELL_TEST      /* a try */
};

/* What an entry wants to hear. */
struct tell_wish {
	bool failure;	    /* "failure" */
	bool recovery;	    /* "recovery" */
	bool success;	    /* "success" */
	bool late;	    /* "late" */
	bool skip;	    /* "skip" */
	uint64_t remind_ms; /* after that; 0 for never */
};

/* A ping on its way since the run began. */
struct tell_started {
	pid_t pid; /* who brings it; 0 for nobody */
};

/* Add all that is wrong with the entries of notify (no secrets, no network). */
void tell_check(const struct spec *s, struct problems *problems);
/* Add all that this host lacks for them: secrets, a sendmail. */
void tell_check_secrets(const struct spec *s, struct problems *problems);
/* Send the pings for the beginning of a run, beside the run. */
void tell_start(const struct spec *s, struct tell_started *started);
/*
 * Tell what happened to all that want to hear it. ledger may be NULL: then
 * nothing is counted. started is waited for; may be NULL.
 */
void tell_end(const struct spec *s, struct ledger *ledger,
    const struct tell_event *event, struct tell_started *started);
/*
 * Tell a test through each way of each entry; put hears what came of each
 * ("team: mail", and the error or NULL). Returns how many there are.
 */
size_t tell_test(const struct spec *s, const struct tell_event *event,
    void (*put)(void *arg, const char *way, const struct err *error),
    void *arg);
/*
 * Tell of what is no run's and changes nothing for the job (TELL_NOTED), to
 * all that want to hear of failures. Whether there is anybody.
 */
bool tell_note(const struct spec *s, struct ledger *ledger,
    const struct tell_event *event);
/* Try to tell what could not be told before; nothing else is told. */
void tell_pending(const struct spec *s, struct ledger *ledger);
/*
 * What an event means for an entry, and what it makes of its record (all but
 * told_ms and the message).
 */
enum tell_kind tell_decide(struct alert *a, const struct tell_wish *wish,
    const struct tell_event *event);

#endif
