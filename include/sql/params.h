/*
 * params.h - find :name in a statement and put ? in its place
 *
 * Never inside quotes, comments or dollar quotes; "::", ":=", array slices
 * (a[1:n]) and labels are left alone. Values are bound, never pasted, so what
 * they hold cannot change the statement.
 *
 * Shape	PARAMS_INIT -> params_find -> params_release
 * Owns		text and names
 * Errors	ERR_SPEC for an undefined parameter, with the nearest name
 */
#ifndef SQL_PARAMS_H
#define SQL_PARAMS_H

#include <stddef.h>

#include "base/err.h"
#include "sql/dialect.h"
#include "sql/script.h"

/* A statement with markers, and which parameter stands at each. */
struct params {
	char *text;    /* owned: the statement with ? for each :name */
	size_t length; /* bytes of text */
	size_t *index; /* owned: of marker i, index into the names */
	size_t n;      /* markers */
	size_t lone;   /* 1 + a marker that is all there is in IN (...); 0 */
	unsigned line; /* of that marker */
};

#define PARAMS_INIT \
	{ \
		NULL, 0, NULL, 0, 0, 0 \
	}

/* The parameters that are defined. */
struct param_names {
	const char *const *names;   /* borrowed */
	size_t n;		    /* how many */
	const char *const *markers; /* what to put for each, with one ? in it;
				     * NULL: a ? for all; borrowed */
};

/*
 * Rewrite one statement, read in the dialect's mode. A statement without
 * parameters comes back byte for byte, and so does one that makes a routine or
 * trigger: ":x" in its body is the database's. An unknown parameter is an
 * error, even when none is defined: SQLite would take it for NULL.
 */
int params_find(struct params *p, const struct statement_text *statement,
    const struct dialect *d, const struct param_names *defined,
    struct err *e) MUST_CHECK;
/* Free everything and be empty. */
void params_release(struct params *p);

#endif
