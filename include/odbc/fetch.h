/*
 * fetch.h - the rows of the current result, in blocks
 *
 * Decides once per column how it is fetched (drivers.md): bound, or in pieces
 * from the first long one on; cells cut by their buffer are fetched again.
 * Every cell is what the database holds, whole or as a lazy one that is read
 * part by part (table/block.h), or the fetch fails with the row and column.
 *
 * Shape	fetch_new -> fetch_next* -> fetch_free
 * Units	rows counted from 1
 * Owns		buffers behind the blocks
 * Errors	ERR_DATABASE, ERR_NOT_NOW (lost connection), ERR_DATA (a value
 *		that cannot be had exactly)
 * Source	ODBC 3.8 SQLFetch, SQLGetData; drivers.md
 */
#ifndef ODBC_FETCH_H
#define ODBC_FETCH_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "odbc/statement.h"
#include "table/block.h"

struct fetch;

/* Prepare to fetch the current result of st. */
int fetch_new(struct fetch **f, struct statement *st, struct err *e) MUST_CHECK;
/* The next rows: 1 and *block (valid until the next call), 0 at the end. */
int fetch_next(
    struct fetch *f, const struct block **block, struct err *e) MUST_CHECK;
/* Rows handed out so far. */
uint64_t fetch_rows(const struct fetch *f);
/* Values that were not exact, where the session allows it. */
uint64_t fetch_losses(const struct fetch *f);
/* Free it; NULL is fine. */
void fetch_free(struct fetch *f);

#endif
