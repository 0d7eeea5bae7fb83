/*
 * doctor.h - what this environment lacks to run jobs
 *
 * A table of items (doctor.c), each of which looks at one thing and gives a
 * finding for each that it sees. Nothing is connected to unless that is asked
 * for, and then only as far as TCP; no SQL is run and
 * nothing is sent; one small file is written and removed in the state
 * directory, and drivers are loaded in a child process.
 *
 * Errors	of the examination itself; what is found is no error
 * Source	facts/shipping.md 0, 4 and 6
 */
#ifndef JOB_DOCTOR_H
#define JOB_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* What came of one look. */
enum doctor_verdict {
	DOCTOR_OK,     /* as it should be */
	DOCTOR_WARN,   /* it will run, but somebody should look */
	DOCTOR_FAIL,   /* a run would fail, or not happen */
	DOCTOR_UNKNOWN /* it cannot be told from here */
};

/* One thing that was looked at; texts are borrowed. */
struct doctor_finding {
	const char *item;	     /* "driver" */
	const char *subject;	     /* which one: a path, a name; or "" */
	enum doctor_verdict verdict; /* how it is */
	struct err about;	     /* text, hint; class: when it fails */
};

/* What to look at. */
struct doctor_request {
	const char *main_file;	 /* --config, or NULL */
	const char *environment; /* --env, or NULL */
	const char *const *jobs; /* names or paths; none: all there are */
	size_t n_jobs;		 /* how many */
	bool connects;		 /* try whether hosts can be reached */
	/* what cron's environment changes, by environment_compare; or NULL */
	const char *cron_differences;
};

/* Look, and call put for each finding in the order of the table. */
int doctor_examine(const struct doctor_request *request,
    void (*put)(void *arg, const struct doctor_finding *finding), void *arg,
    struct err *e) MUST_CHECK;
/* One word: "ok", "warn", "fail", "unknown". */
const char *doctor_verdict_name(enum doctor_verdict verdict);

#endif
