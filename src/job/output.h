/*
 * output.h - the file, or the files, that a result set becomes
 *
 * With result = "last" every result set is written as it comes, and the next
 * one takes its place; with "only" a second one is an error. On standard
 * output nothing can be taken back: results of all but the last statement go
 * through a temporary file first. With split_rows the rows go to one file
 * after the other. No file has its name before all are complete.
 *
 * Shape	output_init -> output_begin -> output_put* -> output_end per
 *		result -> output_check -> output_commit -> output_release
 * Units	rows without the header
 * Errors	ERR_DATA for a result too many, none at all, or without rows;
 *		ERR_LOCAL
 */
#ifndef JOB_OUTPUT_H
#define JOB_OUTPUT_H

#include <stdbool.h>

#include "base/err.h"
#include "csv/csv.h"
#include "job/export.h"
#include "job/inspect.h"
#include "job/wire.h"
#include "sink/chain.h"
#include "sink/spool.h"

/* One file of an output. */
struct output_part {
	struct spool *spool;	       /* owned */
	struct chain *chain;	       /* owned; NULL when it is finished */
	struct chain_receipt content;  /* what went in, when it is */
	struct spool_receipt receipt;  /* what is in the spool */
	struct export_changes changes; /* what was allowed */
	uint64_t rows;		       /* of it */
};

/* The files that are being written of one result set. */
struct output {
	const struct plan *plan;	  /* borrowed */
	const struct plan_file *file;	  /* borrowed */
	const struct export_place *place; /* borrowed */
	struct columns columns;		  /* of the result; borrowed */
	struct output_part *parts;	  /* owned: of the current candidate */
	size_t n_parts;			  /* how many; the last one is open */
	struct csv csv;			  /* writing into the last one */
	struct buf description;		  /* JSON of the columns */
	int temporary_fd;		  /* for standard output, or -1 */
	bool direct;			  /* already on its descriptor */
	unsigned results;		  /* candidates so far */
	uint64_t lossy;		 /* inexact values so far; the caller's */
	uint64_t told_lossy;	 /* of these, those of parts that are closed */
	uint64_t rows;		 /* of the candidate, in closed parts */
	uint64_t bytes;		 /* the same, as CSV */
	struct inspect *inspect; /* of the first file; NULL: nobody asks */
};

/* Prepare to write one of the plan's files; nothing is opened yet. */
void output_init(struct output *o, const struct plan *plan,
    const struct plan_file *file, const struct export_place *place);
/*
 * Begin a result set of these columns, which stay until output_end; last tells
 * that no later statement can give another one.
 */
int output_begin(struct output *o, const struct columns *columns, bool last,
    struct err *e) MUST_CHECK;
/* Write a block of its rows. */
int output_put(
    struct output *o, const struct block *block, struct err *e) MUST_CHECK;
/* The result set is complete. */
int output_end(struct output *o, struct err *e) MUST_CHECK;
/* Rows and bytes of the candidate so far. */
void output_count(const struct output *o, uint64_t *rows, uint64_t *bytes);
/* Whether there is a result, and one that may be a file. */
int output_check(const struct output *o, struct err *e) MUST_CHECK;
/*
 * Bring all files to the disk, under their temporary names still; on a
 * descriptor: nothing.
 */
int output_flush(struct output *o, struct err *e) MUST_CHECK;
/* Give the files their names, or copy the one to its descriptor. */
int output_commit(struct output *o, struct err *e) MUST_CHECK;
/* Describe a part, from 0, for the supervisor. */
void
output_describe(const struct output *o, size_t part, struct wire_file *file);
/* Remove what was not committed. */
void output_release(struct output *o);

#endif
