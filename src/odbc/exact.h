/*
 * exact.h - have a query's values printed exactly, where only SQL can do it
 *
 * Which driver needs it and how is in its row of odbc/quirk.h; what the
 * statement looks like then, in sql/wrap.h.
 */
#ifndef ODBC_EXACT_H
#define ODBC_EXACT_H

#include "base/buf.h"
#include "base/err.h"
#include "odbc/handle.h"

/*
 * Find out on a new connection what it can do, and set what its values
 * depend on: the form of bytes, the session's time zone (NULL: as it is).
 */
int exact_settle(
    struct session *s, const char *time_zone, struct err *e) MUST_CHECK;
/*
 * When sql is a query whose values need it, describe it, append what is to be
 * executed in its place to out, and set the statement's columns and layout:
 * 1. Else 0; out has what is to be executed then too, or nothing when that is
 * sql itself.
 */
int exact_wrap(struct statement *st, const char *sql, size_t length,
    struct buf *out, struct err *e) MUST_CHECK;
/* Whether the result of the wrapped statement has the columns it should. */
int exact_check(const struct statement *st, struct err *e) MUST_CHECK;

#endif
