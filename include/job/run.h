/*
 * run.h - one run of one job: export, ship, record
 *
 * Shape	run_job -> run_outcome_release
 * Errors	those of the stages; the run is recorded in the ledger before
 *		run_job returns, whatever happened, wherever that is possible
 * Source	design.md 4
 */
#ifndef JOB_RUN_H
#define JOB_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "job/export.h"
#include "ship/ship.h"
#include "spec/problem.h"
#include "spec/spec.h"

/* Which parts of a run are wanted. */
struct run_options {
	struct spec_request spec; /* which job, environment, overlays */
	const char *date;	  /* --date, or NULL */
	bool no_ship;		  /* stop with the file in the spool */
	bool force;		  /* though it was shipped already */
	int64_t wait_ms;	  /* --wait; -1: as the spec says */
};

/* How a run ended. */
enum run_state {
	RUN_FAILED,  /* something failed: e says what */
	RUN_SHIPPED, /* delivered to every target */
	RUN_KEPT,    /* --no-ship: the files are in the spool */
	RUN_HELD,    /* a check failed: the files are in the spool */
	RUN_EMPTY,   /* no rows, and file.empty is "skip": nothing to ship */
	RUN_ALREADY  /* this logical date was shipped before */
};

/* A file of a run: data, or a small one that follows it. */
struct run_file_outcome {
	const char *kind; /* "data", "checksum", "manifest", "done" */
	const struct export_file *data; /* of the run's result; NULL else */
	char *name;			/* owned */
	char *path;	/* in the spool, owned; NULL when it is skipped */
	uint64_t bytes; /* size */
	char sha256[HASH_TEXT]; /* of its bytes */
	int64_t id;		/* its number in the ledger; 0: not recorded */
};

/* What came of the delivery of one file to one target. */
struct run_delivery_outcome {
	char *target;			     /* its name, owned */
	const struct run_file_outcome *file; /* of the run's files */
	enum ship_stage from;	/* how far a process that was killed came */
	bool is_before;		/* it was delivered before this command */
	bool is_tried;		/* this command tried it */
	bool is_waiting;	/* behind one of its target that waits */
	int64_t row;		/* its number in the ledger, when tried */
	struct receipt receipt; /* as far as it came */
	struct err error;	/* ERR_NONE when it was delivered */
};

/* An earlier run that owed something when this one began. */
struct run_earlier {
	int64_t run;	      /* its number */
	char date[DATE_TEXT]; /* logical date */
	struct err error;     /* ERR_NONE: it is delivered now */
	bool is_given_up;     /* it never will be */
};

/* Who listens to a run; every function may be NULL. */
struct run_watch {
	void *arg; /* handed to each */
	/* A stage begins: "connecting", "statement 2/…", "shipping to x". */
	void (*stage)(void *arg, const char *text);
	/* Rows and bytes of the file so far. */
	void (*rows)(void *arg, uint64_t rows, uint64_t bytes);
	/* Bytes shipped of total. */
	void (*shipped)(void *arg, uint64_t done, uint64_t total);
	/* A few times a second: to redraw. */
	void (*tick)(void *arg);
};

/* What came of a run. */
struct run_outcome {
	enum run_state state;		/* how it ended */
	int64_t run;			/* its number; 0: not recorded */
	int64_t shipped_run;		/* RUN_ALREADY: by which run */
	char job[128];			/* the job */
	char environment[128];		/* "" for none */
	char date[DATE_TEXT];		/* logical date */
	char owner[256];		/* who is told, or empty */
	char runbook[512];		/* where to look, or empty */
	struct export_result result;	/* what was written */
	struct run_file_outcome *files; /* owned, in the order of delivery */
	size_t n_files;			/* how many */
	struct run_delivery_outcome *deliveries; /* owned */
	size_t n_deliveries;			 /* how many were tried */
	struct run_earlier *earlier;		 /* owned, the oldest first */
	size_t n_earlier;			 /* how many */
	uint64_t elapsed_ms;			 /* of the whole run */
	struct problems problems;		 /* of the spec */
	char *difference; /* failed: how this environment differs from that of
			   * the last success, lines; owned, or NULL */
};

/* Run a job. outcome is filled in any case; release it. */
int run_job(const struct run_options *options, const struct run_watch *watch,
    struct run_outcome *outcome, struct err *e) MUST_CHECK;
/* Free what the outcome holds. */
void run_outcome_release(struct run_outcome *outcome);
/* How many files there are to deliver to each target. */
size_t run_count_files(const struct run_outcome *outcome);
/*
 * How many of them the target of delivery *i has; *i goes on to the first
 * delivery of the next target.
 */
size_t run_count_delivered(const struct run_outcome *outcome, size_t *i);
/* Where they are: the file, or the directory of all; the caller frees it. */
char *
run_kept_path(const struct run_outcome *outcome, struct err *e) MUST_CHECK;
/* One word for a state: "shipped", "kept", ... as in the ledger. */
const char *run_state_name(enum run_state state);

#endif
