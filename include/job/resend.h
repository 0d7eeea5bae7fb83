/*
 * resend.h - ship the files of a recorded run again, without the database
 *
 * For a person: what was not delivered, what a check holds, what was kept
 * with --no-ship, what the receiver lost. Each such decision is recorded.
 *
 * Errors	ERR_USAGE no such run or target; ERR_DATA what would be wrong to
 *		send; those of delivering
 */
#ifndef JOB_RESEND_H
#define JOB_RESEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "job/run.h"

/* What is to be sent. */
struct resend_options {
	const char *main_file; /* --config, or NULL */
	const char *spec;      /* path of the job's spec, or NULL: by name */
	int64_t run;	       /* its number */
	const char *target;    /* to this one; NULL: to all that lack it,
				     * or to all, when none does */
	const char *const *despite; /* names of checks that failed */
	size_t n_despite;	    /* how many */
	bool force;		    /* though another run of that date came */
	bool is_there;		    /* nothing is sent: a person saw it there */
	bool gives_up;		    /* nothing is sent, and nothing is owed */
	int64_t wait_ms;	    /* for the lock; -1 as the spec says */
};

/* Do it. outcome is filled in any case; release it. */
int
resend_run(const struct resend_options *options, const struct run_watch *watch,
    struct run_outcome *outcome, struct err *e) MUST_CHECK;

#endif
