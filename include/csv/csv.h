/*
 * csv.h - write rows as RFC 4180 CSV
 *
 * A field is quoted when it holds the delimiter, a quote, CR or LF, when it is
 * the empty string (NULL is nothing at all), and when it is a lone "\.", which
 * psql takes for the end of the data. A NULL alone in a file of one column is
 * an empty line: RFC 4180 has no other form for it. The last record ends with
 * a line break.
 *
 * Shape	CSV_INIT -> csv_open -> csv_put_header -> csv_put_block* ->
 *		csv_finish -> csv_release
 * Units	rows without the header; bytes as written
 * Owns		its buffer; borrows the out
 * Errors	those of the out; ERR_INTERNAL when memory is gone
 * Source	RFC 4180, facts/shipping.md 8
 */
#ifndef CSV_CSV_H
#define CSV_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/out.h"
#include "table/block.h"
#include "table/column.h"

/* How the file looks. */
struct csv_options {
	bool header;	/* a first record with the columns' names */
	char delimiter; /* one ASCII byte, not a quote, CR or LF */
	bool crlf;	/* CRLF, else LF */
};

#define CSV_OPTIONS_DEFAULT \
	{ \
		true, ',', true \
	}

/* A file being written. */
struct csv {
	struct csv_options options; /* as given */
	struct out *out;	    /* borrowed */
	struct buf buf;		    /* bytes not yet handed to out */
	size_t n_columns;	    /* of every record */
	uint64_t rows;		    /* records without the header */
	uint64_t bytes;		    /* written and buffered */
};

#define CSV_INIT \
	{ \
		CSV_OPTIONS_DEFAULT, NULL, BUF_INIT(0), 0, 0, 0 \
	}

/* Begin a file of n_columns > 0 columns on out. */
int csv_open(struct csv *c, const struct csv_options *options, struct out *out,
    size_t n_columns, struct err *e) MUST_CHECK;
/* Write the header, when the options ask for one. */
int csv_put_header(
    struct csv *c, const struct column *columns, struct err *e) MUST_CHECK;
/* Write the rows of a block. */
int csv_put_block(
    struct csv *c, const struct block *block, struct err *e) MUST_CHECK;
/* Hand the last bytes to the out. */
int csv_finish(struct csv *c, struct err *e) MUST_CHECK;
/* Free the buffer. */
void csv_release(struct csv *c);

#endif
