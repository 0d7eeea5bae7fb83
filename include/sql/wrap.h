/*
 * wrap.h - a query inside another one, so that its values come out exactly
 *
 * Some drivers print values inexactly, and only SQL can help (drivers.md):
 *
 *   SQLite	each row is a text of its short values, followed by its long
 *		ones. In the text, a value ends at ~MARK and is itself unless
 *		it begins with ^MARK:
 *		^MARK z			NULL
 *		^MARK r 0.10000000000000000555
 *				a REAL, with 20 digits
 *		^MARK q 3,0.1000000...	likewise, and how many bytes it counts
 *		^MARK x 00ff		a BLOB, in hexadecimal
 *		^MARK n 610062		a TEXT with a NUL, likewise
 *		^MARK i 5, ^MARK t abc	what it is
 *		In a column of numbers something that does not matter follows
 *		all but NULL and REAL, as a value of its own. The last is the
 *		sum of bytes of plain texts, in this text and beside it, then
 *		comes e. Long values have MARK r, x or n in front, without
 *		a caret, or nothing.
 *   PostgreSQL	each row is one text, as record_out() writes it.
 *
 * Order and number of rows, and the columns, stay as they are. The query's own
 * names do not matter, so that equal ones are no trouble; only an order by such
 * a name moves outside where it is the same there (sql/order.h).
 *
 * Source	sqlite.org/datatype3.html 3.1; sqlite.org/optoverview.html 11
 *		(when a subquery is not flattened); PostgreSQL rowtypes, I/O
 *		syntax of composite types
 */
#ifndef SQL_WRAP_H
#define SQL_WRAP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "sql/dialect.h"

/* Bytes of a mark: lower-case letters, new for each run. */
enum { WRAP_MARK = 8 };

/* What a statement is, as far as wrapping it goes. */
enum wrap_kind {
	WRAP_NOT,    /* not to be wrapped: no query, or one with an effect */
	WRAP_SIMPLE, /* one SELECT of tables, without another one in it */
	WRAP_ANY     /* any other query */
};

/* What is known of a column of a SQLite query. */
struct wrap_column {
	const char *name;     /* in the result; borrowed */
	const char *declared; /* type in CREATE TABLE; "" unknown; borrowed */
	bool is_plain;	      /* a column of a table, not an expression */
	/* Set by wrap_sqlite: */
	bool is_joined;	 /* in the row's text */
	bool is_counted; /* in the sum of bytes */
	bool has_number; /* in the text as a column of numbers */
};

/* A query to wrap. */
struct wrap {
	const char *sql;	     /* borrowed */
	size_t length;		     /* bytes of sql */
	struct wrap_column *columns; /* borrowed */
	size_t n;		     /* how many */
	bool joins;		     /* there may be a text of several values */
	bool is_trusted; /* the query is simple and no view is in the way:
			  * declared types can be relied on */
	char mark[WRAP_MARK + 1]; /* of marked values */
};

/* What a statement of length bytes is, by a dialect. */
enum wrap_kind
wrap_kind_of(const char *sql, size_t length, const struct dialect *d);
/*
 * SQLite's driver sees by the first word alone whether a statement has rows:
 * append one that begins as it needs. 1, or 0 when this one does.
 */
int wrap_plainly(struct buf *out, const char *sql, size_t length,
    const struct dialect *d, struct err *e) MUST_CHECK;
/*
 * Append the SQLite statement around w->sql, and say for each column where it
 * stands.
 */
int wrap_sqlite(struct buf *out, struct wrap *w, struct err *e) MUST_CHECK;
/* Append the PostgreSQL statement around w->sql; the mark makes its alias. */
int wrap_postgresql(
    struct buf *out, const struct wrap *w, struct err *e) MUST_CHECK;

#endif
