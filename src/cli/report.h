/*
 * report.h - one page of all jobs and runs
 *
 * A page that needs nothing else: no script, no network, no other file; light
 * and dark as the reader's system is, printable, and readable without colour.
 *
 * Shape	report_put into a buffer
 * Source	design.md 2 (report)
 */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include "base/buf.h"
#include "cli/html.h"
#include "job/overview.h"

enum { REPORT_RUNS = 90 }; /* runs of each job that are shown */

/* One run in a chart. */
struct report_run {
	int64_t id;	    /* its number */
	int64_t began_ms;   /* when it began */
	int64_t elapsed_ms; /* how long it took; -1 while it runs */
	int64_t rows;	    /* -1 where there was no file */
	int status;	    /* exit status; -1 while it runs */
	bool is_good;	    /* ended well and counts */
};

/* The last runs of a job, oldest first. */
struct report_runs {
	struct report_run items[REPORT_RUNS]; /* oldest first */
	size_t n;			      /* how many */
};

/* Which numbers of the runs are charted. */
enum report_number {
	REPORT_ELAPSED, /* how long they took */
	REPORT_ROWS	/* how many rows they wrote */
};

/* Append the page. */
int
report_put(struct buf *out, const struct overview *o, struct err *e) MUST_CHECK;
/* The style of the page; contrast is computed by a test. */
extern const char report_style[];

/* A strip with a mark for each run; n: only the last ones. */
void chart_states(struct html *h, const struct report_runs *runs, size_t n);
/* Bars of a number of all runs, with a text of what they show. */
void chart_bars(
    struct html *h, const struct report_runs *runs, enum report_number number);
/* The number of a run, -1 where it has none. */
int64_t chart_number(const struct report_run *run, enum report_number number);
/* The number as a text for people. */
void chart_put_number(
    char *text, size_t size, int64_t number, enum report_number which);

#endif
