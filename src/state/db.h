/*
 * db.h - SQLite for the ledger: one statement, its values, its errors
 *
 * A query remembers the first thing that went wrong; the values are bound by
 * position as they are put, so that a caller reads as the list of them.
 *
 * Shape	query_begin -> query_put_* -> query_run | query_next* ->
 *		query_end
 * Errors	ERR_LOCAL (native: SQLite's extended code); ERR_NOT_NOW when the
 *		file stays locked
 * Source	SQLite's C interface
 */
#ifndef STATE_DB_H
#define STATE_DB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct sqlite3;
struct sqlite3_stmt;

/* A statement being prepared, run and read. */
struct query {
	struct sqlite3 *db;	     /* borrowed */
	struct sqlite3_stmt *handle; /* owned; NULL when preparing failed */
	int n;			     /* values put so far */
	int rc;			     /* first result that is not SQLITE_OK */
};

/* SQLite's errors in one place: "cannot WHAT: ...". Returns -1. */
int db_error(struct sqlite3 *db, const char *what, struct err *e);
/* Whether an error since the last call said that the file is damaged. */
bool db_has_damage(void);
/* Give an error the hint of a damaged file. Returns -1. */
int db_hint_damage(struct err *e);
/* Prepare a statement. */
void query_begin(struct query *q, struct sqlite3 *db, const char *sql);
/* The next value is a text; NULL is NULL. Redacted. */
void query_put_text(struct query *q, const char *text);
/* The next value is a text, byte for byte: never for what may be a secret. */
void query_put_exact(struct query *q, const char *text);
/* The next value is an integer. */
void query_put_integer(struct query *q, int64_t value);
/* Step once: 1 there is a row, 0 there is none (any more). */
int query_next(struct query *q, const char *what, struct err *e) MUST_CHECK;
/* A column of the current row as text; "" for NULL; borrowed until next. */
const char *query_text(const struct query *q, int column);
/* A column of the current row as an integer. */
int64_t query_integer(const struct query *q, int column);
/* Run to the end, then finish. */
int query_run(struct query *q, const char *what, struct err *e) MUST_CHECK;
/* Finish. */
void query_end(struct query *q);

#endif
