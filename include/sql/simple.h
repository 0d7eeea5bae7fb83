/*
 * simple.h - a statement for a driver that reads SQL less well than its server
 *
 * sqlite3odbc looks for ; and ? in the text and knows neither comments nor
 * [x] and `x`: it refuses a statement with a semicolon in a comment, and behind
 * an apostrophe in one it overlooks parameters, which are NULL then (drivers.md
 * #sqlite). What misleads it is written so that it means the same: comments
 * become blanks, names are put in double quotes. All else stays as it is, and
 * so does the text of CREATE, which the database keeps.
 */
#ifndef SQL_SIMPLE_H
#define SQL_SIMPLE_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "sql/dialect.h"

/* Append the statement of length bytes, which a NUL follows. */
int simple_put(struct buf *out, const char *sql, size_t length,
    const struct dialect *d, struct err *e) MUST_CHECK;

#endif
