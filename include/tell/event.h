/*
 * event.h - what happened to a job, as those who are told of it read it
 *
 * Plain data, filled by job/run.h's run or by a command; what is told of it,
 * and to whom, is decided by tell/tell.h.
 *
 * Units	wall time and durations in milliseconds; bytes
 */
#ifndef TELL_EVENT_H
#define TELL_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* What came of it. */
enum tell_outcome {
	TELL_SUCCEEDED, /* a run shipped its file */
	TELL_FAILED,	/* a run failed, or could not begin */
	TELL_SKIPPED,	/* nothing was to be done, or another run did it */
	TELL_LATE,	/* no run where one was expected */
	TELL_NOTED,	/* something happened to the ledger */
	TELL_TRIED	/* somebody tries whether telling works */
};

/* What happened; texts borrowed, NULL or "" where there is none. */
struct tell_event {
	enum tell_outcome outcome; /* what came of it */
	const char *job;	   /* the job's name */
	const char *environment;   /* of the job */
	const char *date;	   /* logical date */
	const char *description;   /* what the job is for */
	const char *owner;	   /* who is to be asked */
	const char *runbook;	   /* where it is written what to do */
	const char *host;	   /* this host */
	int64_t run;		   /* its number; 0: not recorded */
	const char *state;	   /* "shipped", "failed", ... */
	int status;		   /* exit status */
	const struct err *error;   /* why it failed, or NULL */
	const char *problems;	   /* all that is wrong with the spec */
	const char *aftermath;	   /* what state things are in */
	const char *again;	   /* the command to try again */
	const char *log;	   /* the last lines of the log */
	const char *changes;	   /* how the environment differs from that of
				    * the last success */
	const char *file;	   /* name of the file */
	const char *targets;	   /* who has it */
	uint64_t rows;		   /* of the file */
	uint64_t bytes;		   /* of the file */
	uint64_t elapsed_ms;	   /* of the run */
	int64_t now_ms;		   /* when it ended */
	int64_t expected_ms;	   /* TELL_LATE: when a run was expected */
	bool is_loss;		   /* something is given up: always told */
};

#endif
