/*
 * problem.h - all that is wrong with a job spec, each with file and line
 *
 * Shape	PROBLEMS_INIT -> problems_add* -> problems_release
 * Owns		copies of the texts
 */
#ifndef SPEC_PROBLEM_H
#define SPEC_PROBLEM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* One thing that is wrong. */
struct problem {
	char *file;	  /* owned; NULL for the command line */
	unsigned line;	  /* 0 when it has none */
	bool is_warning;  /* told, but nothing is refused */
	struct err error; /* class, text and hint */
};

/* Everything that is wrong, in order of finding. */
struct problems {
	struct problem *items; /* owned */
	size_t n;	       /* how many */
	size_t errors;	       /* those that are not warnings */
};

#define PROBLEMS_INIT \
	{ \
		NULL, 0, 0 \
	}

/* Add a problem (copied); class ERR_SPEC when the error has none. */
void problems_add(struct problems *p, const char *file, unsigned line,
    const struct err *error);
/* Add a warning. */
void problems_warn(struct problems *p, const char *file, unsigned line,
    const char *fmt, ...) PRINTF_LIKE(4, 5);
/* Write one as "file:line: text"; redacted. */
void problem_put(const struct problem *p, char *text, size_t size);
/* Free and be empty. */
void problems_release(struct problems *p);

#endif
