/*
 * record.h - a row that PostgreSQL printed as one text
 *
 * (1,"a ""quoted"" \\ text",,"",t): fields are quoted where they must be, with
 * quotes and backslashes doubled; NULL is nothing, the empty string "".
 *
 * Source	PostgreSQL manual, 8.16.6 "Composite type input and output
 *		syntax"; record_out() of rowtypes.c
 */
#ifndef ODBC_RECORD_H
#define ODBC_RECORD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "odbc/handle.h"
#include "table/block.h"

/* A row being read. */
struct record {
	const struct description *shown; /* borrowed */
	char *at;	  /* the next byte of the text that is there */
	char *end;	  /* behind the last one */
	bool more;	  /* more of the row's text will come */
	bool in_field;	  /* in the middle of a value */
	bool in_quotes;	  /* between its quotes */
	char seen;	  /* a quote or backslash that may be half a pair */
	char nibble;	  /* half a byte of a bytea */
	int digits_after; /* of the prefix of a bytea, still to come */
	size_t column;	  /* whose value is next, or being read */
};

/* Begin a row whose n bytes of text may be changed; more: there are others. */
int record_begin(struct record *r, char *text, size_t n, bool more,
    struct err *e) MUST_CHECK;
/* The next n bytes of its text; only when all before was used up. */
void record_feed(struct record *r, char *text, size_t n, bool more);
/* Whether the text that is there is used up and more will come. */
bool record_is_hungry(const struct record *r);
/*
 * The next part of the next value, in the text's memory. part->more: the
 * value goes on, after record_feed() when the record is hungry then.
 */
int
record_read(struct record *r, struct cell_part *part, struct err *e) MUST_CHECK;
/* All values of a row that is there as a whole. */
int record_take(struct record *r, struct cell *cells, struct err *e) MUST_CHECK;

#endif
