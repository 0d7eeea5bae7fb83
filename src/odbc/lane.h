/*
 * lane.h - one column of what the driver gives, row by row
 *
 * How a column is fetched is decided once (lane_plan): its C type, and
 * whether it is bound to a buffer or read with SQLGetData. A bound value that
 * its buffer cut, and one that is not bound, is read part by part.
 *
 * Source	ODBC 3.8 SQLBindCol, SQLGetData; drivers.md
 */
#ifndef ODBC_LANE_H
#define ODBC_LANE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "odbc/handle.h"
#include "table/block.h"

/* In which C type a value is asked for. */
enum lane_form {
	LANE_TEXT,   /* SQL_C_CHAR */
	LANE_BYTES,  /* SQL_C_BINARY */
	LANE_FLOAT,  /* SQL_C_FLOAT */
	LANE_DOUBLE, /* SQL_C_DOUBLE */
	LANE_BIT,    /* SQL_C_BIT */
	LANE_UCS4    /* SQL_C_WCHAR, of 4 bytes each */
};

/* A column being fetched. */
struct lane {
	enum lane_form form; /* its C type */
	bool is_bound;	     /* else read with SQLGetData */
	char *buffer;	     /* owned: room + slack; of a bound one */
	size_t room;	     /* bytes that the driver may write */
	SQLLEN indicator;    /* of the current row; not bound: of the last
			      * value that was read */
	char *text;	     /* owned: a native value as text, or NULL */
};

/* Reads values in parts; one for all lanes of a result. */
struct lane_reader {
	struct statement *st; /* borrowed */
	bool can_refetch;     /* the driver says SQL_GD_BOUND and any order */
	char *piece;	      /* owned: room + slack */
	size_t room;	      /* bytes that the driver may write there */
	size_t column;	      /* what is being read */
	bool is_reading;      /* in the middle of a value */
	SQLLEN whole;	      /* bytes as announced, or SQL_NO_TOTAL */
	uint64_t given;	      /* bytes so far */
	bool is_pending;      /* a piece waits behind a bound value */
	struct cell_part pending; /* that piece */
	bool has_info; /* the driver said something besides success */
	bool says_cut; /* namely that it cut the value (01004) */
	bool is_final; /* the driver does not count: only an end may
			       * follow */
};

/* Prepare to read the results of st. */
int lane_reader_init(
    struct lane_reader *r, struct statement *st, struct err *e) MUST_CHECK;
/* Free it. */
void lane_reader_release(struct lane_reader *r);
/*
 * Decide how each of n columns is fetched and bind those that are bound. Their
 * types are those of the statement's columns where these stand one for one;
 * all others are text.
 */
int lane_plan(struct lane_reader *r, struct lane *lanes, size_t n,
    struct err *e) MUST_CHECK;
/*
 * Bind lane i, which is bound, to a buffer for values of so many bytes, as far
 * as rows in one text get that much. Its current value is gone.
 */
int lane_grow(struct lane_reader *r, struct lane *lane, size_t i, size_t bytes,
    struct err *e) MUST_CHECK;
/*
 * Leave lane i, which is bound, unbound from the next row on, so that its
 * values are read in parts alone; or bind it again, to the buffer it had.
 */
int lane_set_bound(struct lane_reader *r, struct lane *lane, size_t i,
    bool bound, struct err *e) MUST_CHECK;
/* Whether the current value of a bound lane is NULL. */
bool lane_is_null(const struct lane *lane);
/* Whether its buffer cut the value. */
bool lane_is_cut(const struct lane *lane);
/* Whether the value fills it, but for the bytes of a character. */
bool lane_is_full(const struct lane *lane);
/*
 * The next part of column i as the driver gives it, in the reader's memory
 * (which may be changed) or the lane's. Native values come as text.
 */
int lane_read(struct lane_reader *r, struct lane *lane, size_t i,
    struct cell_part *part, struct err *e) MUST_CHECK;
/*
 * The value of a bound lane that is neither NULL nor cut, with its text in
 * the lane's memory.
 */
void lane_take(struct lane *lane, struct cell *cell);
/* Free the buffers of a lane. */
void lane_release(struct lane *lane);

#endif
