/*
 * profile.h - what a job's result looks like in one environment
 *
 * Runs the batch for some rows; where it is one transaction, that is rolled
 * back. Keeps of each column its type and the forms of its values, never a
 * value. For comparing a development database with the real one.
 *
 * Shape	PROFILE_INIT -> profile_take -> profile_release
 * Owns		the columns and their names
 * Errors	those of an export; ERR_SPEC for a batch that changes a database
 */
#ifndef JOB_PROFILE_H
#define JOB_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "job/plan.h"

/* How many forms of a column are told apart, and how long one is. */
enum { PROFILE_FORMS = 8, PROFILE_FORM = 48 };

/* One column of the result. */
struct profile_column {
	char *name;	  /* owned */
	char kind[32];	  /* "text", "date" */
	char type[64];	  /* as the database calls it */
	uint64_t nulls;	  /* rows in which it is NULL */
	uint64_t empties; /* rows in which it is the empty string */
	bool has_padding; /* a value ends with a blank */
	char forms[PROFILE_FORMS][PROFILE_FORM]; /* 9999-99-99, a, -9.9 */
	size_t n_forms;				 /* how many */
	bool has_more;				 /* than PROFILE_FORMS */
};

/* A result as far as it was looked at. */
struct profile {
	struct profile_column *columns; /* owned */
	size_t n_columns;		/* how many */
	uint64_t rows;			/* looked at */
	bool is_limited;		/* there may be more */
	char database[160];		/* what it came from */
};

#define PROFILE_INIT \
	{ \
		.columns = NULL \
	}

/*
 * Whether the batch only reads and makes temporary tables, as far as its words
 * tell: an error that names the statement when not.
 */
int profile_check(const struct plan *plan, struct err *e) MUST_CHECK;
/* Run the batch for at most max_rows and look at what comes. */
int profile_take(struct profile *p, struct plan *plan, uint64_t max_rows,
    struct err *e) MUST_CHECK;
/* Free and be empty. */
void profile_release(struct profile *p);

#endif
