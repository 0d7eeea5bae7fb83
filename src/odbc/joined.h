/*
 * joined.h - the short values of a row, that SQLite printed as one text
 *
 * The text is made by sql/wrap.h, which says how it looks. It is taken apart
 * where it stands: a value is never longer than its printed form.
 *
 * Errors	ERR_DATA when a NUL ended the text early, ERR_INTERNAL when it
 *		is not as it was asked for: nothing is guessed
 */
#ifndef ODBC_JOINED_H
#define ODBC_JOINED_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "odbc/handle.h"
#include "table/block.h"

/* Bytes that end a value: a tilde and the mark. */
enum { JOINED_END = 1 + WRAP_MARK };

/* What the texts of a result look like. */
struct joined {
	const struct description *shown; /* borrowed */
	char end[JOINED_END];		 /* of a value */
};

/* Begin with the rows of a statement. */
void joined_begin(struct joined *j, const struct statement *st);
/*
 * Take a row's text, which may be changed, apart into the cells of the columns
 * that stand in it. *left becomes what of the bytes that the database counted
 * is not in these cells.
 */
int joined_take(const struct joined *j, const struct cell_part *text,
    struct cell *cells, int64_t *left, struct err *e) MUST_CHECK;
/* Say that a text of these columns (as they are shown) has a NUL in it: -1. */
int joined_refuse_nul(const char *names, struct err *e) MUST_CHECK;

#endif
