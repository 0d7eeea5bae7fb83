/*
 * overview.h - all jobs: what is expected of each, and what came of it
 *
 * A view is one job in one environment: those that have a spec, in the
 * environment of this host (--env, $ODBCSHIP_ENV, the main file), and those
 * that have runs, also where the spec or the environment is gone. A schedule
 * is expected in the environment of this host only; in each that has runs
 * where none is chosen.
 *
 * Shape	overview_open -> overview_load -> overview_release
 * Units	wall time in milliseconds, UTC
 * Errors	ERR_SPEC for a job that is unknown; those of the ledger
 */
#ifndef JOB_OVERVIEW_H
#define JOB_OVERVIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "spec/date.h"
#include "spec/problem.h"
#include "state/standing.h"

/* How long notes of the ledger are shown: two weeks. */
#define OVERVIEW_NOTES_MS (INT64_C(14) * 24 * 60 * 60 * 1000)

/* How a job stands, the worst first. */
enum view_state {
	VIEW_BROKEN,  /* its spec is wrong: it cannot run */
	VIEW_FAILED,  /* its last run failed, or was lost */
	VIEW_LATE,    /* an expected run is missing */
	VIEW_OPEN,    /* an earlier date is held or not delivered */
	VIEW_RUNNING, /* it runs */
	VIEW_OK,      /* its last run ended well */
	VIEW_NEVER,   /* it never ran, and is not late */
	VIEW_GONE     /* it has runs, but no spec any more */
};

/* One job in one environment; texts owned, NULL when there is none. */
struct job_view {
	char *job;		   /* its name */
	char *environment;	   /* "" for none */
	char *description;	   /* of the spec */
	char *owner;		   /* of the spec */
	char *runbook;		   /* of the spec */
	char *zone;		   /* of the spec */
	char *cron;		   /* its schedule, when it is expected here */
	enum view_state state;	   /* how it stands */
	char *problem;		   /* VIEW_BROKEN: why */
	struct standing standing;  /* how its runs stand */
	struct run_row last;	   /* the last run; texts owned; id 0: none */
	bool is_gone;		   /* the last one is "running", but dead */
	int64_t next_ms;	   /* next expected time, or 0 */
	int64_t late_ms;	   /* the first expected time that is missing
				   * though its grace is over, or 0 */
	char late_date[DATE_TEXT]; /* its logical date */
	size_t missed;		   /* how many logical dates are missing */
	bool missed_more;	   /* and more */
};

/* What is looked at. */
struct overview_request {
	const char *main_file;	 /* --config, or NULL */
	const char *environment; /* --env, or NULL: that of this host */
	const char *const *jobs; /* names; none: all */
	size_t n_jobs;		 /* how many */
};

/* All views. */
struct overview {
	int64_t now_ms;		/* when it was looked at */
	struct ledger *ledger;	/* owned; NULL: there is none yet */
	struct job_view *views; /* owned, in order of state and name */
	size_t n;		/* how many */
};

/* Find the state directory by the main file; the caller frees it. */
char *overview_state(
    const char *main_file, struct problems *problems, struct err *e) MUST_CHECK;
/* Look at all; problems are those of the main file. */
int overview_load(struct overview *o, const struct overview_request *request,
    struct problems *problems, struct err *e) MUST_CHECK;
/* Free what it holds. */
void overview_release(struct overview *o);
/* Whether a view needs a person: broken, failed or late. */
bool view_is_bad(const struct job_view *v);
/* One word: "ok", "failed", "late"...; of a failed run its own ("lost"). */
const char *view_word(const struct job_view *v);

/*
 * Call put with a line for each thing that is not where it should be, and a
 * hint of what to do: what is held, owed or unknown of any run.
 */
int view_each_open(const struct job_view *v,
    int (*put)(void *arg, const char *text, const char *hint, struct err *e),
    void *arg, struct err *e) MUST_CHECK;

#endif
