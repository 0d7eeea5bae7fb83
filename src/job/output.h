/*
 * output.h - which result set becomes the file
 *
 * With result = "last" every result set is written as it comes, and the next
 * one takes its place; with "only" a second one is an error. On standard
 * output nothing can be taken back: results of all but the last statement go
 * through a temporary file first.
 *
 * Shape	OUTPUT_INIT -> output_begin/-> csv ... output_end per result ->
 *		output_commit -> output_release
 * Errors	ERR_DATA for a result too many or none at all; ERR_LOCAL
 */
#ifndef JOB_OUTPUT_H
#define JOB_OUTPUT_H

#include <stdbool.h>

#include "base/err.h"
#include "csv/csv.h"
#include "job/export.h"
#include "job/inspect.h"
#include "sink/spool.h"

/* The file that is being written. */
struct output {
	const struct plan *plan;	  /* borrowed */
	const struct export_place *place; /* borrowed */
	struct spool *spool;		  /* the current candidate */
	struct csv csv;			  /* writing into it */
	int temporary_fd;		  /* for standard output, or -1 */
	bool direct;			  /* already on its descriptor */
	unsigned results;		  /* candidates so far */
	uint64_t rows;			  /* of the candidate */
	struct inspect *inspect;	  /* its values; NULL: nobody asks */
};

/* Prepare; nothing is opened yet. */
void output_init(struct output *o, const struct plan *plan,
    const struct export_place *place);
/*
 * Begin a result set of these columns; last tells that no later statement can
 * give another one.
 */
int output_begin(struct output *o, const struct columns *columns, bool last,
    struct err *e) MUST_CHECK;
/* Write a block of its rows. */
int output_put(
    struct output *o, const struct block *block, struct err *e) MUST_CHECK;
/* The result set is complete. */
int output_end(struct output *o, struct err *e) MUST_CHECK;
/* Give the file its name, or copy it to its descriptor. */
int output_commit(
    struct output *o, struct spool_receipt *receipt, struct err *e) MUST_CHECK;
/* Remove what was not committed. */
void output_release(struct output *o);

#endif
