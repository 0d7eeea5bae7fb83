/*
 * guard.h - what must hold before a batch, and of what came of it
 *
 * Gates are waited for before the batch (src/job/gate.c), checks are applied
 * to the finished file (src/job/check.c), and a watermark says which rows are
 * new (src/job/watermark.c). Here they are plain data, as the job has them.
 *
 * Shape	guard_build -> guard_release
 * Owns		the arrays; texts are borrowed from the spec
 * Units	milliseconds, rows, percent
 * Errors	problems, each with the file and line of the setting
 */
#ifndef JOB_GUARD_H
#define JOB_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "spec/problem.h"
#include "spec/spec.h"

/* A query of one value, and what must hold of it; all that is set must. */
struct condition {
	const char *name;     /* as in messages */
	const char *sql;      /* of one row and one column */
	const char *equals;   /* or NULL */
	const char *at_least; /* or NULL */
	const char *at_most;  /* or NULL */
	bool not_null;	      /* any value will do */
	struct origin origin; /* where it stands */
};

/* What the batch waits for. */
struct gate {
	struct condition condition; /* that must hold */
	uint64_t timeout_ms;	    /* how long to wait; 0: not at all */
	uint64_t every_ms;	    /* between two looks */
};

/* What must hold of the file. */
struct checks {
	int64_t min_rows;	      /* -1: not asked for */
	int64_t max_rows;	      /* -1: not asked for */
	int64_t max_change;	      /* percent; -1: not asked for */
	bool same_columns;	      /* as in the last shipped run */
	const char *const *columns;   /* exactly these, in order */
	size_t n_columns;	      /* 0: not asked for */
	const char *const *not_null;  /* columns without NULL */
	size_t n_not_null;	      /* how many */
	const char *const *unique;    /* columns that are a key together */
	size_t n_unique;	      /* 0: not asked for */
	struct condition *conditions; /* owned: checks.sql */
	size_t n_conditions;	      /* how many */
};

/* Which rows are new. */
struct watermark {
	const char *name;     /* NULL: the job has none */
	const char *sql;      /* up to where this run exports */
	const char *initial;  /* before anything was shipped */
	int type;	      /* enum param_type; -1: as the column is */
	char *from;	      /* owned: shipped so far; NULL: not known yet */
	char *to;	      /* owned: up to where; NULL: not known yet */
	bool repeats;	      /* to is that of an earlier run, and stays */
	struct origin origin; /* where it stands */
};

/* All of them. */
struct guards {
	struct gate *gates;	    /* owned */
	size_t n_gates;		    /* how many */
	struct checks checks;	    /* of the file */
	struct watermark watermark; /* of the rows */
};

/* How a gate or a check came out. */
struct guard_result {
	char kind[8];	     /* "gate" or "check" */
	char name[64];	     /* "big data job", "min_rows" */
	char expected[256];  /* "at least 1" */
	char seen[256];	     /* "0", "NULL", "no row"; empty: not yet asked */
	bool passed;	     /* whether it holds */
	uint64_t elapsed_ms; /* that a gate was waited for */
};

/* Texts that a wanted value is described in. */
enum { GUARD_TEXT = 256 };

/* Take the guards of a job; what is wrong goes to problems. */
void guard_build(
    struct guards *g, const struct spec *spec, struct problems *problems);
/* How many queries there are, and query i of them with what it belongs to. */
size_t guard_queries(const struct guards *g);
/* Query i: gates, then the watermark's, then checks. */
const char *guard_query(const struct guards *g, size_t i, const char **setting);
/* Free the arrays. */
void guard_release(struct guards *g);

/* Whether a value (NULL is NULL) is what the condition wants. */
bool condition_holds(const struct condition *c, const char *value);
/* Write what it wants: "1", "at least 1 and at most 5", "a value". */
void condition_put(const struct condition *c, char text[GUARD_TEXT]);
/*
 * Compare two decimal numbers of any length, digit by digit: "007.50" is
 * "7.5", "1e3" is "1000". False when one of them is none.
 */
bool decimal_compare(const char *a, const char *b, int *order);

#endif
