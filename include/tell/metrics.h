/*
 * metrics.h - figures of the last run, for monitoring
 *
 * A file for each job and environment in the directory of node_exporter's
 * textfile collector, replaced as a whole after each run.
 *
 * Units	seconds since the epoch, as Prometheus has it
 * Errors	ERR_LOCAL
 * Source	prometheus.io/docs/instrumenting/exposition_formats;
 *		facts/shipping.md 4
 */
#ifndef TELL_METRICS_H
#define TELL_METRICS_H

#include <stdint.h>

#include "base/err.h"
#include "tell/event.h"

/* What the event alone does not say. */
struct metrics_past {
	int64_t success_ms; /* when the last successful run ended; 0: never */
	uint64_t failures;  /* runs that failed since then */
	uint64_t outbox;    /* deliveries that are owed, or unknown */
	int64_t outbox_ms;  /* when the oldest run that owes them began; 0 */
};

/* What no run can say: that one is missing. */
struct metrics_absence {
	const char *job;	 /* the job's name */
	const char *environment; /* "" for none */
	int64_t late_ms;	 /* when it was due; 0: none is missing */
	uint64_t missing;	 /* logical dates that are */
	int64_t now_ms;		 /* when it was looked at */
};

/* Write the file; directory is that of metrics.directory. */
int metrics_write(const char *directory, const struct tell_event *event,
    const struct metrics_past *past, struct err *e) MUST_CHECK;
/* The same for absence, in a file of its own. */
int metrics_write_absence(const char *directory,
    const struct metrics_absence *absence, struct err *e) MUST_CHECK;

#endif
