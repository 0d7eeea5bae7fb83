/*
 * block.h - some rows of a result, as plain data
 *
 * Cells are whole values, row after row. The memory behind them belongs to
 * whoever made the block and stays until the next block is asked for; at
 * least BLOCK_SLACK bytes after each cell's data may be read (not used), so
 * that scans by vectors need no special case at the end.
 *
 * A cell that is lazy is not there yet, since it is long or the driver gives
 * it only piece by piece: it is read with block->read, part by part, to its
 * end, and lazy cells of a row from left to right.
 */
#ifndef TABLE_BLOCK_H
#define TABLE_BLOCK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* Readable bytes behind every cell. */
enum { BLOCK_SLACK = 32 };

/* What the bytes of a value are. */
enum cell_form {
	CELL_TEXT, /* text, said to be UTF-8 */
	CELL_BYTES /* bytes, to be written as text by some encoding */
};

/* One value, or the news that it must be read. */
struct cell {
	const char *data;    /* NULL is the database's NULL */
	size_t length;	     /* bytes; 0 with data is the empty string */
	enum cell_form form; /* of data */
	bool is_lazy;	     /* use block->read; the rest is not set */
};

/* A part of a lazy value; its memory stays until the next part. */
struct cell_part {
	const char *data; /* NULL (in the first part only): the value is NULL */
	size_t length;	  /* bytes; may be 0 */
	enum cell_form form; /* the same in all parts */
	bool more;	     /* another part follows */
};

/* Rows of one result set. */
struct block {
	const struct cell *cells; /* n_rows * n_columns, row-major */
	size_t n_columns;	  /* columns of a row */
	size_t n_rows;		  /* rows in this block; 1 when one is lazy */
	/* Read the next part of a lazy cell of the row. */
	int (*read)(
	    void *reader, size_t column, struct cell_part *part, struct err *e);
	void *reader; /* handed to read */
};

#endif
