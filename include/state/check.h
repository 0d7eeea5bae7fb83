/*
 * check.h - what gates and checks came to, in the ledger; what they ask of it
 *
 * Errors	as ledger.h
 */
#ifndef STATE_CHECK_H
#define STATE_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "state/ledger.h"

/* The last shipped runs that a median is made of, at most. */
enum { CHECK_RUNS = 7 };

/* How a gate or a check came out. */
struct run_check {
	const char *kind;     /* "gate" or "check" */
	const char *name;     /* "big data job", "min_rows" */
	const char *expected; /* "at least 1" */
	const char *seen;     /* "0" */
	bool passed;	      /* whether it holds */
	uint64_t elapsed_ms;  /* that a gate was waited for */
};

/* Record one, in its place among those of the run, from 1. */
int ledger_put_check(struct ledger *l, int64_t run, unsigned position,
    const struct run_check *c, struct err *e) MUST_CHECK;
/* Call put for each gate and check of a run, in order. */
int ledger_each_check(struct ledger *l, int64_t run,
    int (*put)(void *arg, const struct run_check *c, struct err *e), void *arg,
    struct err *e) MUST_CHECK;
/*
 * The rows of the last shipped runs of the same job and environment before a
 * run, newest first; *n of them.
 */
int ledger_last_rows(struct ledger *l, int64_t run, uint64_t rows[CHECK_RUNS],
    size_t *n, struct err *e) MUST_CHECK;
/* The last shipped run before it: 1 and *last, or 0. */
int ledger_last_shipped(
    struct ledger *l, int64_t run, int64_t *last, struct err *e) MUST_CHECK;
/* Call put for the name of each column of a run's first file, in order. */
int ledger_each_column(struct ledger *l, int64_t run,
    int (*put)(void *arg, const char *name, struct err *e), void *arg,
    struct err *e) MUST_CHECK;

#endif
