/*
 * batch.h - how many rows a driver fetches at once from a cursor
 *
 * A driver that holds a batch of rows in memory is told how many, while they
 * come: few when rows are long, many when they are short.
 *
 * Units	rows, bytes
 * Source	psqlODBC SQL_ATTR_PGOPT_FETCH; measured: it counts for the next
 *		batch (drivers.md#postgresql)
 */
#ifndef ODBC_BATCH_H
#define ODBC_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "odbc/handle.h"

/* The batches of one result. */
struct batch {
	const struct session *session; /* borrowed */
	bool is_set;		       /* the driver can be told */
	bool is_unbounded;	       /* a column has no greatest length */
	size_t largest;		       /* bytes of the longest row so far */
	uintptr_t rows;		       /* of a batch, as last told */
	uintptr_t left;		       /* until it is looked at again */
};

/* Begin: the first batch is small, since nothing is known of the rows. */
void batch_begin(struct batch *b, const struct statement *st);
/* Count a row of that many bytes, and tell the driver another number. */
void batch_count(struct batch *b, size_t bytes);

/* The next result begins with a small one again. */
void batch_end(struct batch *b);

#endif
