/*
 * announce.h - tell of a run: who wants to hear it, and the monitoring
 *
 * Errors	none that reach the caller: all are logged
 */
#ifndef JOB_ANNOUNCE_H
#define JOB_ANNOUNCE_H

#include <stdbool.h>

#include "base/err.h"
#include "job/run.h"
#include "state/ledger.h"
#include "tell/tell.h"

/* What is told of; all borrowed. */
struct announcement {
	const struct run_options *options; /* what was asked for */
	const struct run_outcome *outcome; /* what came of it */
	const struct spec *spec;	   /* NULL: it could not be read */
	struct ledger *ledger;		   /* NULL: it could not be opened */
	const struct err *error;	   /* why it failed, or NULL */
	bool is_skipped;		   /* another run holds the lock */
	bool is_unknown;		   /* there never was such a job */
};

/* A run begins. */
void announce_start(const struct announcement *a, struct tell_started *started);
/* It ended, whatever happened. */
void announce_end(const struct announcement *a, struct tell_started *started);

#endif
