/*
 * mark.h - values that SQLite printed with a mark in front
 *
 * The marks are put by sql/wrap.h, which says what they are.
 */
#ifndef ODBC_MARK_H
#define ODBC_MARK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "sql/wrap.h"
#include "table/block.h"

/* A value that is being read in parts. */
struct marked {
	char mark[WRAP_MARK + 1]; /* of this result */
	char kind;		  /* of the value: r, x, n, or 0 for none */
	char nibble;	/* a digit that waits for the next part, or 0 */
	bool has_begun; /* the first part was there */
};

/* The shortest text of a REAL of 20 digits, in its place. */
int mark_take_real(char *data, size_t *length, struct err *e) MUST_CHECK;
/*
 * Turn the next part of a value, which may be changed, into what it stands
 * for: the shortest text of a REAL, the bytes of a BLOB, the text with a NUL.
 */
int
mark_read(struct marked *m, struct cell_part *part, struct err *e) MUST_CHECK;
/* The same for a value that is there as a whole. */
int mark_take(struct marked *m, struct cell *cell, struct err *e) MUST_CHECK;

#endif
