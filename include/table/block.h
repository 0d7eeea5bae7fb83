/*
 * block.h - some rows of a result, as plain data
 *
 * Cells are UTF-8 text, row after row. The memory behind them belongs to
 * whoever made the block and stays until the next block is asked for; at
 * least BLOCK_SLACK bytes after each cell's data may be read (not used), so
 * that scans by vectors need no special case at the end.
 */
#ifndef TABLE_BLOCK_H
#define TABLE_BLOCK_H

#include <stddef.h>

/* Readable bytes behind every cell. */
enum { BLOCK_SLACK = 32 };

/* One value. */
struct cell {
	const char *data; /* NULL is the database's NULL */
	size_t length;	  /* bytes; 0 with data is the empty string */
};

/* Rows of one result set. */
struct block {
	const struct cell *cells; /* n_rows * n_columns, row-major */
	size_t n_columns;	  /* columns of a row */
	size_t n_rows;		  /* rows in this block */
};

#endif
